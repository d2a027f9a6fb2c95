//! A collector on the loopback interface that takes batches, or does something evil with them.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What it does instead of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Evil {
    EndlessBody,
    EndlessChunk,
    EndlessHead,
    EndlessHeaders,
    EndlessInformational,
    GzipBomb,
    Redirects,
    DripHead,
    DripBody,
    TenGibibytes,
    WideJson,
    DeepJson,
    ResetMidBody,
    Garbage,
    ReplyFirst,
    RefuseFirst,
    HangUp,
    NeverAccept,
}

/// No connection is kept for longer, whatever the client does.
const PATIENCE: Duration = Duration::from_secs(30);
/// Between two bytes of a slow reply.
const DRIP: Duration = Duration::from_millis(20);

#[derive(Default)]
struct State {
    evil: Option<Evil>,
    ids: HashSet<String>,
    /// Connections that were treated with evil, and those of them that are still open.
    contacts: usize,
    open: usize,
    /// Requests to anything but the one path.
    strays: usize,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The collector. Its threads end with the process.
#[derive(Clone)]
pub(crate) struct Collector {
    shared: Arc<Shared>,
    endpoint: String,
    bomb: Arc<[u8]>,
}

impl Collector {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let collector = Self { shared: Arc::default(), endpoint, bomb: bomb()?.into() };
        let accepting = collector.clone();
        std::thread::spawn(move || accepting.accept(&listener));
        Ok(collector)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.shared.changed.notify_all();
    }

    /// From now on every connection meets this, or none.
    pub(crate) fn turn(&self, evil: Option<Evil>) {
        self.change(|state| state.evil = evil);
    }

    /// Distinct events that arrived in whole.
    pub(crate) fn received(&self) -> usize {
        self.lock().ids.len()
    }

    pub(crate) fn wait_for_received(&self, count: usize) -> bool {
        let guard = self.lock();
        let waiting = |state: &mut State| state.ids.len() < count;
        let waited = self.shared.changed.wait_timeout_while(guard, PATIENCE, waiting);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    pub(crate) fn contacts(&self) -> usize {
        self.lock().contacts
    }

    pub(crate) fn strays(&self) -> usize {
        self.lock().strays
    }

    /// The evil connection that is open at this moment, if there is one.
    pub(crate) fn held(&self) -> Option<usize> {
        let state = self.lock();
        (state.open > 0).then_some(state.contacts)
    }

    fn accept(&self, listener: &TcpListener) {
        loop {
            let never = |state: &mut State| state.evil == Some(Evil::NeverAccept);
            let waited = self.shared.changed.wait_while(self.lock(), never);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            let Ok((stream, _)) = listener.accept() else { return };
            let serving = self.clone();
            std::thread::spawn(move || serving.serve(stream));
        }
    }

    /// Takes requests until the connection ends. Errors are the client's hanging up.
    fn serve(&self, mut stream: TcpStream) {
        let bounded = stream.set_read_timeout(Some(PATIENCE));
        if bounded.and_then(|()| stream.set_write_timeout(Some(PATIENCE))).is_err() {
            return;
        }
        loop {
            // An idle connection from better days waits here for its next request.
            if stream.peek(&mut [0]).map_or(true, |len| len == 0) {
                return;
            }
            let evil = self.lock().evil;
            if evil == Some(Evil::NeverAccept) {
                // Nor does it keep what it had accepted before.
                return;
            }
            let Some(evil) = evil else {
                let taken = self.take(&mut stream, false);
                if taken.and_then(|()| reply(&mut stream, "200 OK", "{}")).is_err() {
                    return;
                }
                continue;
            };
            self.change(|state| {
                state.contacts += 1;
                state.open += 1;
            });
            let _ = self.harm(&mut stream, evil);
            self.change(|state| state.open -= 1);
            return;
        }
    }

    fn harm(&self, stream: &mut TcpStream, evil: Evil) -> io::Result<()> {
        match evil {
            Evil::ReplyFirst => {
                reply(stream, "200 OK", "{}")?;
                return self.take(stream, false);
            }
            Evil::RefuseFirst => return reply(stream, "503 Service Unavailable", "{}"),
            Evil::HangUp => return Ok(()),
            _ => self.take(stream, evil == Evil::ResetMidBody)?,
        }
        match evil {
            Evil::EndlessBody => forever(stream, "HTTP/1.1 200 OK\r\n\r\n", &[b' '; 4096]),
            Evil::EndlessChunk => {
                let head =
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n";
                forever(stream, head, &[b' '; 4096])
            }
            Evil::EndlessHead => forever(stream, "HTTP/1.1 200 OK\r\nx: ", &[b'x'; 4096]),
            Evil::EndlessHeaders => forever(stream, "HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
            Evil::EndlessInformational => forever(stream, "", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            Evil::GzipBomb => {
                let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
                stream.write_all(head.as_bytes())?;
                stream.write_all(&self.bomb)
            }
            Evil::Redirects => {
                let head = "HTTP/1.1 307 Temporary Redirect\r\nlocation: /hop\r\n\
                            content-length: 0\r\n\r\n";
                stream.write_all(head.as_bytes())?;
                self.take(stream, false)
            }
            Evil::DripHead => drip(stream, "HTTP/1.1 200 OK\r\nx-slow: "),
            Evil::DripBody => drip(stream, "HTTP/1.1 200 OK\r\n\r\n"),
            Evil::TenGibibytes => forever(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n",
                &[0; 4096],
            ),
            Evil::WideJson => {
                reply(stream, "200 OK", &format!("{{\"x\":[{}0]}}", "0,".repeat(30_000)))
            }
            Evil::DeepJson => reply(stream, "200 OK", &"{\"quota\":".repeat(8_000)),
            Evil::ResetMidBody => {
                // What is left unread makes the kernel send a reset.
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"accepted\":")
            }
            Evil::Garbage => stream.write_all(&[0x16, 3, 1, 0, b'\n', 0xff, b'\r', b'\n', 0, 0]),
            Evil::ReplyFirst | Evil::RefuseFirst | Evil::HangUp | Evil::NeverAccept => Ok(()),
        }
    }

    /// Reads one request and enters its events, but for its last byte if that is to be left.
    fn take(&self, stream: &mut TcpStream, leave_one: bool) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.and_then(|text| text.trim().parse().ok()).unwrap_or_default();
        let mut body = vec![b'}'; length];
        let upto = length.saturating_sub(usize::from(leave_one));
        stream.read_exact(&mut body[..upto])?;
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let events = json["events"].as_array().into_iter().flatten();
        let ids = events.filter_map(|event| event["event_id"].as_str().map(str::to_owned));
        self.change(|state| {
            state.strays += usize::from(!head.starts_with("post /v1/events "));
            state.ids.extend(ids);
        });
        Ok(())
    }
}

fn reply(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
    let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    stream.write_all(head.as_bytes())
}

fn forever(stream: &mut TcpStream, head: &str, more: &[u8]) -> io::Result<()> {
    stream.write_all(head.as_bytes())?;
    let end = Instant::now() + PATIENCE;
    let more = more.repeat(4096_usize.div_ceil(more.len()));
    while Instant::now() < end {
        stream.write_all(&more)?;
    }
    Ok(())
}

fn drip(stream: &mut TcpStream, head: &str) -> io::Result<()> {
    stream.write_all(head.as_bytes())?;
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        stream.write_all(b" ")?;
        std::thread::sleep(DRIP);
    }
    Ok(())
}

/// 32 MiB that are 32 KiB on the wire; made once, because that takes longer than a client waits.
fn bomb() -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..512 {
        encoder.write_all(&[b' '; 64 * 1024])?;
    }
    encoder.finish()
}
