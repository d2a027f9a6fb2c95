//! The metrics as an HTTP service, for servers that speak HTTP already.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::header::{ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};

use super::{Exporter, TEXT_FORMAT};

/// Answers requests with the metrics, whatever their path: [`Exporter::service`] makes it.
///
/// ```
/// # use toolwatch::{Watch, prometheus::Exporter};
/// use tower_service::Service as _;
///
/// let mut service = Exporter::new(&Watch::disabled()).service();
/// let answer = service.call(http::Request::new("")).into_inner();
/// assert_eq!(answer.map(|answer| answer.status()), Ok(http::StatusCode::OK));
/// ```
#[derive(Clone, Debug)]
pub struct Service(Exporter);

impl Service {
    pub(super) const fn new(exporter: Exporter) -> Self {
        Self(exporter)
    }

    fn answer(&self, method: &Method) -> Response<String> {
        let mut response = Response::new(String::new());
        let headers = response.headers_mut();
        match *method {
            Method::GET | Method::HEAD => {
                let text = self.0.text();
                headers.insert(CONTENT_TYPE, HeaderValue::from_static(TEXT_FORMAT));
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
                headers.insert(CONTENT_LENGTH, HeaderValue::from(text.len()));
                if method == Method::GET {
                    *response.body_mut() = text;
                }
            }
            _ => {
                headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
                *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            }
        }
        response
    }
}

impl<B> tower_service::Service<Request<B>> for Service {
    type Response = Response<String>;
    type Error = Infallible;
    type Future = Ready<Result<Response<String>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(request.method())))
    }
}
