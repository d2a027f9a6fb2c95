//! A collector that takes each batch at once or after a while, or is a black hole, and remembers
//! which events it took.

use std::collections::HashSet;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// How it treats a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It takes the batch at once.
    #[default]
    Prompt,
    /// It takes the batch after so long.
    Slow(Duration),
    /// It accepts the connection, neither reads nor answers, and closes it after a while. A client
    /// whose own patience ends could not tell a batch that was taken from one that was not.
    Hole,
}

/// How long a hole keeps what it has swallowed.
const SWALLOWED: Duration = Duration::from_millis(400);

/// What it took.
#[derive(Default)]
pub(crate) struct Taken {
    manner: Manner,
    pub(crate) ids: HashSet<u128>,
    /// Events that it had taken before.
    pub(crate) doubled: u64,
    pub(crate) requests: u64,
    /// The loss report of the last batch.
    pub(crate) report: Value,
}

#[derive(Default)]
struct Shared {
    taken: Mutex<Taken>,
    changed: Condvar,
}

/// The collector. Its threads end with the process.
#[derive(Clone)]
pub(crate) struct Collector {
    shared: Arc<Shared>,
    endpoint: String,
}

#[derive(Deserialize)]
struct Body<'a> {
    report: Value,
    #[serde(borrow)]
    events: Vec<Event<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    event_id: &'a str,
}

impl Collector {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let collector = Self { shared: Arc::default(), endpoint };
        let accepting = collector.clone();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let serving = accepting.clone();
                std::thread::spawn(move || serving.serve(stream));
            }
        });
        Ok(collector)
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What it took so far.
    pub(crate) fn taken(&self) -> MutexGuard<'_, Taken> {
        self.shared.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on each request meets this.
    pub(crate) fn turn(&self, manner: Manner) {
        self.taken().manner = manner;
        self.shared.changed.notify_all();
    }

    /// Waits until it has taken so many events; false when the time is over.
    pub(crate) fn wait_for(&self, events: u64, patience: Duration) -> bool {
        let waiting = |taken: &mut Taken| (taken.ids.len() as u64) < events;
        let waited = self.shared.changed.wait_timeout_while(self.taken(), patience, waiting);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// Takes requests until the connection ends. An error is the client's hanging up.
    fn serve(&self, stream: TcpStream) {
        let _ = self.try_serve(stream);
    }

    fn try_serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut writer = stream.try_clone()?;
        let mut reader = BufReader::with_capacity(1 << 16, stream);
        let mut body = Vec::new();
        // An idle connection from better days waits here for its next request.
        while !reader.fill_buf()?.is_empty() {
            let manner = self.taken().manner;
            match manner {
                Manner::Hole => {
                    std::thread::sleep(SWALLOWED);
                    return Ok(());
                }
                Manner::Slow(wait) => std::thread::sleep(wait),
                Manner::Prompt => {}
            }
            read_body(&mut reader, &mut body)?;
            self.take(&serde_json::from_slice(&body)?)?;
            writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")?;
        }
        Ok(())
    }

    fn take(&self, body: &Body<'_>) -> io::Result<()> {
        let mut taken = self.taken();
        taken.requests += 1;
        taken.report = body.report.clone();
        for event in &body.events {
            let digits = event.event_id.replace('-', "");
            let id = u128::from_str_radix(&digits, 16).map_err(io::Error::other)?;
            taken.doubled += u64::from(!taken.ids.insert(id));
        }
        drop(taken);
        self.shared.changed.notify_all();
        Ok(())
    }
}

fn read_body(reader: &mut impl BufRead, body: &mut Vec<u8>) -> io::Result<()> {
    let (mut line, mut length) = (String::new(), 0);
    while line != "\r\n" {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(text) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = text.trim().parse().map_err(io::Error::other)?;
        }
    }
    body.resize(length, 0);
    reader.read_exact(body)
}
