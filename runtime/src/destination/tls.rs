//! TLS with ring and the platform's trust store, without touching any process-wide provider.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

use crate::Error;

/// The configuration for an endpoint. One over plain HTTP needs no trust store, so that a machine
/// without one can still send to a collector on its own loopback.
pub(super) fn config(is_https: bool) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::tls("TLS protocol versions are not available", error))?;
    if !is_https {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let builder = builder
        .with_platform_verifier()
        .map_err(|error| Error::tls("the platform's trust store cannot be used", error))?;
    Ok(builder.with_no_client_auth())
}
