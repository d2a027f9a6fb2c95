//! One request on its way through the wrapper: opened before the handler runs, closed when its reply
//! is there, and recorded as well when neither comes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::life::Life;
use crate::capture::losses::{self, Loss};
use crate::event::{Event, Outcome};
use crate::span::{Ending, Ticket};
use crate::watch::{Active, Identifying};

/// The wrapper's hold on a request that is recorded; empty for one that is not.
pub(super) struct Recorder {
    ticket: Option<Ticket>,
    /// Which connection it belongs to.
    life: Option<Arc<Life>>,
    /// Who calls, while that is being found out.
    identifying: Option<Identifying>,
    in_user_code: bool,
}

impl Recorder {
    /// Records nothing.
    pub(super) const fn off() -> Self {
        Self { ticket: None, life: None, identifying: None, in_user_code: false }
    }

    /// Watches over a request whose ticket holds its span.
    pub(super) const fn of(
        ticket: Ticket,
        life: Arc<Life>,
        identifying: Option<Identifying>,
    ) -> Self {
        Self { ticket: Some(ticket), life: Some(life), identifying, in_user_code: false }
    }

    /// Takes part in what another wrapper of the same watch records.
    pub(super) const fn shared(ticket: Ticket) -> Self {
        Self { ticket: Some(ticket), life: None, identifying: None, in_user_code: false }
    }

    /// Asks on who calls. Nothing waits for the answer.
    fn identify(&mut self, cx: &mut Context<'_>) {
        if let (Some(identifying), Some(ticket)) = (&mut self.identifying, &self.ticket) {
            identifying.poll(cx, ticket);
        }
    }

    /// What travels with the request, when it is recorded.
    pub(super) const fn ticket(&self) -> Option<&Ticket> {
        self.ticket.as_ref()
    }

    /// Records the end of a notification, which has no reply.
    pub(super) fn finish_ok(&mut self) {
        self.finish(Outcome::Ok, |_, _| Ending::default());
    }

    /// Runs the author's code. When it panics, that is what the request's event says. Inline, as what
    /// calls it: a request is large, and every fn that hands it on copies it.
    #[inline]
    pub(super) fn during<R>(&mut self, run: impl FnOnce() -> R) -> R {
        self.in_user_code = true;
        let _attached = self.ticket.as_ref().map(|ticket| ticket.scope().clone().attach());
        let output = run();
        self.in_user_code = false;
        output
    }

    /// Records the end of the request, unless it was recorded nearer to the author's code.
    pub(super) fn finish(
        &mut self,
        outcome: Outcome,
        read: impl FnOnce(&Active, &mut Event) -> Ending,
    ) {
        let Some(ticket) = self.ticket.take() else { return };
        if let Some(mut span) = ticket.take_span() {
            let read = || span.event_mut().map(|event| read(ticket.watch(), event));
            let ending = losses::guarded(Loss::Shape, read).flatten();
            span.finish(outcome, ending.unwrap_or_default());
        }
        self.count(&ticket);
    }

    /// Notes how the request has ended, wherever it was recorded.
    fn count(&self, ticket: &Ticket) {
        if let Some(life) = self.life.as_deref().filter(|_| ticket.has_failed()) {
            life.count_error();
        }
    }
}

impl Drop for Recorder {
    /// The request's future is gone: its handler has panicked, or nobody waits for it any more.
    fn drop(&mut self) {
        let Some(ticket) = self.ticket.take() else { return };
        if let Some(mut span) = ticket.take_span() {
            span.set_in_user_code(self.in_user_code);
        }
        self.count(&ticket);
    }
}

pin_project! {
    /// A request whose handler runs. `settle` sees the reply, and may be what records it.
    ///
    /// The fields are dropped in this order: the handler's future before the recorder, so that
    /// whoever took the span in there comes first.
    pub(super) struct Recorded<F, S> {
        #[pin]
        inner: F,
        recorder: Recorder,
        settle: Option<S>,
    }
}

impl<F, S> Recorded<F, S>
where
    F: Future,
    S: FnOnce(&mut F::Output, &mut Recorder),
{
    #[inline]
    pub(super) fn new(mut recorder: Recorder, start: impl FnOnce() -> F, settle: S) -> Self {
        let inner = recorder.during(start);
        Self { inner, recorder, settle: Some(settle) }
    }
}

impl<F, S> Future for Recorded<F, S>
where
    F: Future,
    S: FnOnce(&mut F::Output, &mut Recorder),
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let inner = this.inner;
        this.recorder.identify(cx);
        this.recorder.during(|| inner.poll(cx)).map(|mut output| {
            if let Some(settle) = this.settle.take() {
                // A fault of toolwatch's own must not cost the client its reply.
                losses::guarded(Loss::Event, || settle(&mut output, this.recorder));
            }
            output
        })
    }
}

pin_project! {
    /// One of two futures with the same output.
    #[project = EitherProjection]
    pub(super) enum Either<A, B> {
        First { #[pin] future: A },
        Second { #[pin] future: B },
    }
}

impl<A: Future, B: Future<Output = A::Output>> Future for Either<A, B> {
    type Output = A::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<A::Output> {
        match self.project() {
            EitherProjection::First { future } => future.poll(cx),
            EitherProjection::Second { future } => future.poll(cx),
        }
    }
}
