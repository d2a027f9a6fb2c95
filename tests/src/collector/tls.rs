//! A TLS server whose certificate is signed by itself: a client that checks it says nothing more.

use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::PATIENCE;

/// `ecdsa-with-SHA256`, `id-ecPublicKey`, `prime256v1`, `subjectAltName` and `commonName`, as DER.
const ECDSA_SHA256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
const EC_KEY: &[u8] = &[6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const P256: &[u8] = &[6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const ALTERNATIVE_NAME: &[u8] = &[6, 3, 0x55, 0x1d, 0x11];
const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
/// Tags of ASN.1.
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

#[derive(Default)]
struct Counts {
    contacts: AtomicUsize,
    bytes_told: AtomicUsize,
    is_over: AtomicBool,
}

/// The server. Its thread ends with [`SelfSigned::stop`] or with the process.
#[derive(Clone)]
pub struct SelfSigned {
    address: SocketAddr,
    endpoint: String,
    certificate: CertificateDer<'static>,
    counts: Arc<Counts>,
}

impl SelfSigned {
    /// A server on a port of its own, with a key of its own.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let key =
            EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(io::Error::other)?;
        let certificate = certify(&key).map_err(io::Error::other)?;
        let pkcs8 = key.to_pkcs8v1().map_err(io::Error::other)?;
        let pkcs8 = PrivatePkcs8KeyDer::from(pkcs8.as_ref().to_vec());
        let config = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.clone()], pkcs8.into())
            .map_err(io::Error::other)?;
        let (config, counts) = (Arc::new(config), Arc::<Counts>::default());
        // By name, so that the certificate fits but for its signature.
        let endpoint = format!("https://localhost:{}", address.port());
        let server = Self { address, endpoint, certificate, counts };
        let accepting = server.clone();
        std::thread::spawn(move || accepting.accept(&listener, &config));
        Ok(server)
    }

    /// The base URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The certificate, for a client that is to trust it.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// Connections so far.
    #[must_use]
    pub fn contacts(&self) -> usize {
        self.counts.contacts.load(Ordering::SeqCst)
    }

    /// Bytes that clients told after the handshake.
    #[must_use]
    pub fn bytes_told(&self) -> usize {
        self.counts.bytes_told.load(Ordering::SeqCst)
    }

    /// Lets go of the port.
    pub fn stop(&self) {
        self.counts.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }

    fn accept(&self, listener: &TcpListener, config: &Arc<ServerConfig>) {
        for stream in listener.incoming() {
            if self.counts.is_over.load(Ordering::SeqCst) {
                return;
            }
            let (Ok(stream), Ok(connection)) = (stream, ServerConnection::new(Arc::clone(config)))
            else {
                continue;
            };
            self.counts.contacts.fetch_add(1, Ordering::SeqCst);
            let counts = Arc::clone(&self.counts);
            std::thread::spawn(move || listen(stream, connection, &counts));
        }
    }
}

/// Shakes hands and counts what comes after. An error is a client that does not trust it.
fn listen(stream: TcpStream, connection: ServerConnection, counts: &Counts) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = StreamOwned::new(connection, stream);
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            count => counts.bytes_told.fetch_add(count, Ordering::SeqCst),
        };
    }
}

/// A certificate of version 3 for `localhost`, signed by its own key.
fn certify(key: &EcdsaKeyPair) -> Result<CertificateDer<'static>, aws_lc_rs::error::Unspecified> {
    let algorithm = der(SEQUENCE, &[ECDSA_SHA256]);
    let common_name = der(SEQUENCE, &[COMMON_NAME, &der(UTF8_STRING, &[b"localhost"])]);
    let name = der(SEQUENCE, &[&der(SET, &[&common_name])]);
    let times = [&b"200101000000Z"[..], b"491231235959Z"].map(|time| der(UTC_TIME, &[time]));
    let public_key = der(
        SEQUENCE,
        &[&der(SEQUENCE, &[EC_KEY, P256]), &der(BIT_STRING, &[&[0], key.public_key().as_ref()])],
    );
    // The tag 2 in its context is a DNS name, and 3 the extensions of the certificate.
    let names = der(OCTET_STRING, &[&der(SEQUENCE, &[&der(0x82, &[b"localhost"])])]);
    let extensions = der(SEQUENCE, &[&der(SEQUENCE, &[ALTERNATIVE_NAME, &names])]);
    let signed = der(
        SEQUENCE,
        &[
            &der(0xa0, &[&der(INTEGER, &[&[2]])]),
            &der(INTEGER, &[&[1]]),
            &algorithm,
            &name,
            &der(SEQUENCE, &[&times[0], &times[1]]),
            &name,
            &public_key,
            &der(0xa3, &[&extensions]),
        ],
    );
    let signature = key.sign(&SystemRandom::new(), &signed)?;
    let signature = der(BIT_STRING, &[&[0], signature.as_ref()]);
    Ok(der(SEQUENCE, &[&signed, &algorithm, &signature]).into())
}

/// One element of DER: a tag, a length, and the parts one after the other.
fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let [high, low] = u16::try_from(contents.len()).unwrap_or(u16::MAX).to_be_bytes();
    let mut element = vec![tag];
    match (high, low) {
        (0, 0..0x80) => element.push(low),
        (0, _) => element.extend([0x81, low]),
        _ => element.extend([0x82, high, low]),
    }
    element.extend(contents);
    element
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

    use super::*;

    fn tell(server: &SelfSigned, roots: RootCertStore) -> io::Result<()> {
        let config = ClientConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "localhost".try_into().expect("a name");
        let mut connection = ClientConnection::new(config.into(), name).expect("a client");
        let mut stream = TcpStream::connect(server.address)?;
        let mut stream = Stream::new(&mut connection, &mut stream);
        stream.write_all(b"hello")?;
        stream.conn.send_close_notify();
        stream.flush()
    }

    #[test]
    fn only_a_client_that_trusts_the_certificate_tells_anything() {
        let server = SelfSigned::start().expect("a server");
        tell(&server, RootCertStore::empty()).expect_err("nobody signed it");
        assert_eq!(server.bytes_told(), 0);
        let mut roots = RootCertStore::empty();
        roots.add(server.certificate().clone()).expect("a certificate");
        tell(&server, roots).expect("the certificate is well formed");
        let deadline = std::time::Instant::now() + PATIENCE;
        while server.bytes_told() < 5 {
            assert!(std::time::Instant::now() < deadline, "what was told has arrived");
            std::thread::yield_now();
        }
        server.stop();
    }
}
