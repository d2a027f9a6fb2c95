//! A small HTTP receiver on a free port of the loopback interface.

use std::collections::VecDeque;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Received, Reply};

/// A receiver that records what it gets and answers as scripted.
///
/// Without a script every batch is taken. It ends when it is dropped.
///
/// ```
/// use toolwatch::testing::{Receiver, Reply};
/// # fn main() -> std::io::Result<()> {
/// let receiver = Receiver::start()?;
/// receiver.script([Reply::status(503), Reply::status(200)]);
/// assert!(receiver.endpoint().starts_with("http://127.0.0.1:"));
/// # Ok(())
/// # }
/// ```
pub struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    arrived: Condvar,
    ended: AtomicBool,
}

type Decide = dyn Fn(&Received) -> Reply + Send + Sync;

#[derive(Default)]
struct State {
    requests: Vec<Received>,
    script: VecDeque<Reply>,
    standing: Option<Reply>,
    decide: Option<Arc<Decide>>,
    discards: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Starts a receiver.
    ///
    /// # Errors
    /// Fails when no port or thread is to be had.
    pub fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("receiver".to_owned())
            .spawn(move || accept(&listener, &accepting))?;
        Ok(Self { address, shared })
    }

    /// The base URL.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers the next requests like this, one after the other.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared.lock().script.extend(replies);
    }

    /// Answers every request like this once the script is over.
    pub fn always(&self, reply: Reply) {
        self.shared.lock().standing = Some(reply);
    }

    /// Answers every request by its contents once the script is over.
    pub fn decide(&self, decide: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        self.shared.lock().decide = Some(Arc::new(decide));
    }

    /// Takes every batch and keeps none, for throughput.
    pub fn discard(&self) {
        self.shared.lock().discards = true;
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.shared.lock().requests.clone()
    }

    /// The ids of all events of all requests so far.
    #[must_use]
    pub fn event_ids(&self) -> Vec<String> {
        self.requests().iter().flat_map(Received::event_ids).collect()
    }

    /// Waits until so many requests have come; false when the time is over.
    #[must_use]
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut state = self.shared.lock();
        while state.requests.len() < count {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            state = self
                .shared
                .arrived
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
        true
    }
}

impl std::fmt::Debug for Receiver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiver").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, which then sees that it is over.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ended.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let shared = Arc::clone(shared);
        // A refused thread is a refused connection.
        let _ = std::thread::Builder::new().spawn(move || serve(stream, &shared));
    }
}

/// Serves one connection until it ends or misbehaving ends it.
fn serve(stream: TcpStream, shared: &Shared) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::with_capacity(64 * 1024, stream.try_clone().ok()?);
    let mut writer = stream;
    let ended = || shared.ended.load(Ordering::Relaxed);
    while let Some(request) = Received::read(&mut reader).ok()? {
        let reply = answer(shared, request);
        if !reply.write(&mut writer, &ended).ok()? {
            return None;
        }
    }
    None
}

fn answer(shared: &Shared, request: Received) -> Reply {
    let mut state = shared.lock();
    if state.discards {
        return Reply::status(202);
    }
    let scripted = state.script.pop_front();
    let (decide, standing) = (state.decide.clone(), state.standing.clone());
    state.requests.push(request.clone());
    drop(state);
    shared.arrived.notify_all();
    scripted.or_else(|| Some(decide?(&request))).or(standing).unwrap_or_else(|| Reply::status(202))
}
