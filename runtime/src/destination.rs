//! Stand-in.
/// Destination.
pub trait Destination: Send {}
#[cfg(feature = "http")]
pub(crate) use http::IngestClient;
#[cfg(feature = "http")]
mod http {
    pub(crate) struct IngestClient;
    impl super::Destination for IngestClient {}
    impl IngestClient {
        pub(crate) fn builder(_: &str, _: &str) -> Self { Self }
        pub(crate) fn timeout(self, _: std::time::Duration) -> Self { self }
        pub(crate) fn build(self) -> Result<Self, crate::Error> { Ok(self) }
        pub(crate) fn into_destination(self) -> Self { self }
    }
}
