//! An HTTP receiver on the loopback interface that discards what it gets and counts the bytes.
//!
//! Its threads are named `receiver`, so that a bench can leave their processor time out.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What arrived so far.
#[derive(Default)]
pub struct Arrived {
    /// Requests.
    pub requests: AtomicU64,
    /// Bytes of request lines, headers and bodies.
    pub bytes: AtomicU64,
    /// Bytes of bodies.
    pub body_bytes: AtomicU64,
}

/// A running receiver.
pub struct Receiver {
    url: String,
    arrived: Arc<Arrived>,
}

impl Receiver {
    /// Starts a receiver that answers every request with 200 and this JSON body.
    pub fn start(reply: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let arrived = Arc::new(Arrived::default());
        let counts = Arc::clone(&arrived);
        spawn(move || {
            for stream in listener.incoming().flatten() {
                let counts = Arc::clone(&counts);
                spawn(move || drop(serve(stream, &counts, reply))).ok();
            }
        })?;
        Ok(Self { url, arrived })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Requests, bytes and bytes of bodies so far.
    pub fn counts(&self) -> [u64; 3] {
        let arrived = &self.arrived;
        [&arrived.requests, &arrived.bytes, &arrived.body_bytes].map(|count| count.load(Ordering::Relaxed))
    }
}

fn spawn(run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    std::thread::Builder::new().name("receiver".to_owned()).spawn(run).map(drop)
}

fn serve(mut stream: TcpStream, arrived: &Arrived, reply: &str) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let reply = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{reply}", reply.len());
    let mut buffer = vec![0; 1 << 18];
    let mut filled = 0;
    loop {
        let read = stream.read(&mut buffer[filled..])?;
        if read == 0 {
            return Ok(());
        }
        filled += read;
        let Some(head) = buffer[..filled].windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4) else {
            continue;
        };
        let body = content_length(&buffer[..head]);
        let mut missing = body - (filled - head) as u64;
        while missing > 0 {
            let limit = buffer.len().min(usize::try_from(missing).unwrap_or(usize::MAX));
            let read = stream.read(&mut buffer[..limit])?;
            if read == 0 {
                return Ok(());
            }
            missing -= read as u64;
        }
        arrived.requests.fetch_add(1, Ordering::Relaxed);
        arrived.bytes.fetch_add(head as u64 + body, Ordering::Relaxed);
        arrived.body_bytes.fetch_add(body, Ordering::Relaxed);
        stream.write_all(reply.as_bytes())?;
        filled = 0;
    }
}

fn content_length(head: &[u8]) -> u64 {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    line.and_then(|length| length.trim().parse().ok()).unwrap_or(0)
}
