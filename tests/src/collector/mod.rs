//! A collector on the loopback interface that takes batches, or does something evil with them.

mod harm;
mod tls;

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

pub use harm::Evil;
use harm::reply;
pub use tls::SelfSigned;

/// No connection is kept for longer, whatever the client does.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct State {
    evil: Option<Evil>,
    /// Events that arrived in whole, by their ids, of requests that were answered with a yes.
    events: HashMap<String, Value>,
    /// Events that a report said to be dropped, at most.
    dropped: u64,
    /// Connections that were treated with evil, and those of them that are still open.
    contacts: usize,
    open: usize,
    /// Requests to anything but the one path.
    strays: usize,
    is_over: bool,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

/// The collector. Its threads end with [`Collector::stop`] or with the process.
#[derive(Clone)]
pub struct Collector {
    shared: Arc<Shared>,
    address: SocketAddr,
    endpoint: String,
}

impl Collector {
    /// A kind collector on a port of its own.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let endpoint = format!("http://{address}");
        let collector = Self { shared: Arc::default(), address, endpoint };
        let accepting = collector.clone();
        std::thread::spawn(move || accepting.accept(&listener));
        Ok(collector)
    }

    /// The base URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.lock());
        self.shared.changed.notify_all();
    }

    /// Waits until the state is so, for a bounded time; false when it is not.
    fn wait(&self, is_so: impl Fn(&State) -> bool) -> bool {
        let waited =
            self.shared.changed.wait_timeout_while(self.lock(), PATIENCE, |state| !is_so(state));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// From now on every connection meets this, or none.
    pub fn turn(&self, evil: Option<Evil>) {
        if evil == Some(Evil::GzipBomb) {
            LazyLock::force(&harm::BOMB);
        }
        self.change(|state| state.evil = evil);
    }

    /// Lets go of the port.
    pub fn stop(&self) {
        self.change(|state| state.is_over = true);
        // Wakes the accepting thread.
        let _ = TcpStream::connect(self.address);
    }

    /// Distinct events that arrived in whole.
    #[must_use]
    pub fn received(&self) -> usize {
        self.lock().events.len()
    }

    /// The distinct events that arrived in whole.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.lock().events.values().cloned().collect()
    }

    /// Events that any report said to be dropped.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Waits until so many distinct events have arrived; false when they do not.
    #[must_use]
    pub fn wait_for_received(&self, count: usize) -> bool {
        self.wait(|state| state.events.len() >= count)
    }

    /// Waits until the distinct events, by their ids, are so; false when they do not become so.
    #[must_use]
    pub fn wait_for_events(&self, are_so: impl Fn(&HashMap<String, Value>) -> bool) -> bool {
        self.wait(|state| are_so(&state.events))
    }

    /// Waits until an event has come or a connection was treated with evil; false when none is.
    #[must_use]
    pub fn wait_for_contact(&self) -> bool {
        self.wait(|state| state.contacts > 0 || !state.events.is_empty())
    }

    /// Connections that were treated with evil.
    #[must_use]
    pub fn contacts(&self) -> usize {
        self.lock().contacts
    }

    /// Requests to another path than the one of events.
    #[must_use]
    pub fn strays(&self) -> usize {
        self.lock().strays
    }

    /// The evil connection that is open at this moment, if there is one.
    #[must_use]
    pub fn held(&self) -> Option<usize> {
        let state = self.lock();
        (state.open > 0).then_some(state.contacts)
    }

    fn accept(&self, listener: &TcpListener) {
        loop {
            let never = |state: &mut State| state.evil == Some(Evil::NeverAccept) && !state.is_over;
            let waited = self.shared.changed.wait_while(self.lock(), never);
            drop(waited.unwrap_or_else(PoisonError::into_inner));
            let Ok((stream, _)) = listener.accept() else { return };
            if self.lock().is_over {
                return;
            }
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
                let taken = self.take(&mut stream, false, true);
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
        let leaves_one = evil == Evil::ResetMidBody;
        if !evil.is_first() {
            self.take(stream, leaves_one, evil.is_yes())?;
        }
        evil.answer(stream)?;
        match evil {
            Evil::ReplyFirst | Evil::Redirects => self.take(stream, false, evil.is_yes()),
            _ => Ok(()),
        }
    }

    /// Reads one request, but for its last byte if that is to be left, and enters its events.
    fn take(&self, stream: &mut TcpStream, leaves_one: bool, is_entered: bool) -> io::Result<()> {
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
        let upto = length.saturating_sub(usize::from(leaves_one));
        stream.read_exact(&mut body[..upto])?;
        let mut json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let dropped = dropped(&json["report"]);
        let events = json["events"].as_array_mut().map(std::mem::take).unwrap_or_default();
        let named = events.into_iter().filter_map(|event| {
            let id = event["event_id"].as_str()?.to_owned();
            Some((id, event))
        });
        self.change(|state| {
            state.strays += usize::from(!head.starts_with("post /v1/events "));
            state.dropped = state.dropped.max(dropped);
            state.events.extend(named.filter(|_| is_entered));
        });
        Ok(())
    }
}

/// The events that a report says to be dropped, of both accounts and for any reason.
fn dropped(report: &Value) -> u64 {
    let all = |reasons: &Value| -> u64 {
        reasons.as_object().into_iter().flatten().filter_map(|(_, count)| count.as_u64()).sum()
    };
    all(&report["dropped"]) + all(&report["adopted"]["dropped"])
}
