//! A listener of the watch's own, for servers that speak no HTTP themselves, such as those over
//! stdio. It has a thread of its own and needs no runtime; each connection has one for its few
//! milliseconds.
//!
//! Bounds: [`MAX_CONNECTIONS`] at once, [`READ_LIMIT`] for a request and [`WRITE_LIMIT`] for an answer.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::request::{self, Asked};
use super::{Exporter, TEXT_FORMAT};

/// Connections at once; a scraper has one.
const MAX_CONNECTIONS: usize = 8;
/// How long a request may take to come.
const READ_LIMIT: Duration = Duration::from_secs(2);
/// How long one write of an answer may wait for the other side.
const WRITE_LIMIT: Duration = Duration::from_secs(5);
/// How long the listener rests when the system gives it no connection, as without descriptors.
const FAULT_PAUSE: Duration = Duration::from_millis(100);
/// How long ending the listener may wait for its own address.
const WAKE_LIMIT: Duration = Duration::from_millis(20);

/// A listener that runs. It ends with [`Listener::end`].
#[derive(Debug)]
pub(crate) struct Listener {
    address: SocketAddr,
    has_ended: Arc<AtomicBool>,
}

/// What the threads share.
struct Shared {
    exporter: Exporter,
    is_local: bool,
    connections: AtomicUsize,
}

impl Listener {
    /// Listens at this address.
    pub(crate) fn start(address: SocketAddr, exporter: Exporter) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        let address = listener.local_addr()?;
        let has_ended = Arc::new(AtomicBool::new(false));
        let is_local = address.ip().is_loopback();
        let shared = Shared { exporter, is_local, connections: AtomicUsize::new(0) };
        let ended = Arc::clone(&has_ended);
        let named = thread::Builder::new().name("toolwatch-metrics".to_owned());
        named.spawn(move || accept(&listener, &Arc::new(shared), &ended))?;
        Ok(Self { address, has_ended })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listener. Does not wait for answers that are on their way.
    pub(crate) fn end(&self) {
        if !self.has_ended.swap(true, Ordering::AcqRel) {
            // The thread waits for a connection: this is one.
            let _ = TcpStream::connect_timeout(&reachable(self.address), WAKE_LIMIT);
        }
    }
}

/// An address of this machine at which a listener can be reached.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, has_ended: &AtomicBool) {
    loop {
        let accepted = listener.accept();
        if has_ended.load(Ordering::Acquire) {
            return;
        }
        match accepted {
            Ok((stream, _)) => hand_over(stream, shared),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => thread::sleep(FAULT_PAUSE),
        }
    }
}

/// One connection more, as long as it lives.
struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that finds no place or no thread is closed without an answer.
fn hand_over(stream: TcpStream, shared: &Arc<Shared>) {
    let before = shared.connections.fetch_add(1, Ordering::Relaxed);
    let place = Place(Arc::clone(shared));
    if before < MAX_CONNECTIONS {
        let named = thread::Builder::new().name("toolwatch-scrape".to_owned());
        let _ = named.spawn(move || answer(stream, &place.0));
    }
}

/// Whoever asks may hang up at any time: what cannot be written is given up in silence.
fn answer(mut stream: TcpStream, shared: &Shared) {
    let _ = try_answer(&mut stream, shared);
}

fn try_answer(stream: &mut TcpStream, shared: &Shared) -> io::Result<()> {
    let asked = request::read(stream, READ_LIMIT, shared.is_local)?;
    stream.set_write_timeout(Some(WRITE_LIMIT))?;
    let (status, text) = match asked {
        Asked::Metrics | Asked::Head => ("200 OK", shared.exporter.text()),
        Asked::Other(status) => (status, format!("{status}\n")),
    };
    let kind = if status == "200 OK" { TEXT_FORMAT } else { "text/plain; charset=utf-8" };
    let allow = if status.starts_with("405") { "Allow: GET, HEAD\r\n" } else { "" };
    let length = text.len();
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{allow}\
         Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    );
    if asked != Asked::Head {
        answer.push_str(&text);
    }
    stream.write_all(answer.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    drain(stream)
}

/// Reads what was sent beyond the head, such as a body: closing with it unread would reset the
/// connection, and the answer might be lost with it.
fn drain(stream: &mut TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut rest = [0; 1_024];
    for _ in 0..64 {
        if stream.read(&mut rest)? == 0 {
            break;
        }
    }
    Ok(())
}
