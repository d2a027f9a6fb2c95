//! What a receiver answers, good manners or bad.

use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Duration;

/// One scripted answer.
///
/// ```
/// use toolwatch::testing::Reply;
/// let reply = Reply::status(429).header("retry-after", "1");
/// # let _ = reply;
/// ```
#[derive(Clone, Debug)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) delay: Duration,
    pub(super) manner: Manner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    Whole,
    Hang,
    Reset,
    Cut,
    Drip,
    Endless,
}

impl Reply {
    /// An answer with this status and no body.
    #[must_use]
    pub const fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            delay: Duration::ZERO,
            manner: Manner::Whole,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Waits before the answer.
    #[must_use]
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Never answers; the connection stays open as long as the receiver lives.
    #[must_use]
    pub fn hang() -> Self {
        Self { manner: Manner::Hang, ..Self::status(0) }
    }

    /// Closes the connection without an answer.
    #[must_use]
    pub fn reset() -> Self {
        Self { manner: Manner::Reset, ..Self::status(0) }
    }

    /// Announces the whole body and closes the connection after half of it.
    #[must_use]
    pub const fn cut(mut self) -> Self {
        self.manner = Manner::Cut;
        self
    }

    /// Sends the answer one byte at a time, ten in a second.
    #[must_use]
    pub const fn drip(mut self) -> Self {
        self.manner = Manner::Drip;
        self
    }

    /// Sends a body without end.
    #[must_use]
    pub const fn endless(mut self) -> Self {
        self.manner = Manner::Endless;
        self
    }

    /// Answers; false when the connection is to be closed.
    pub(super) fn write(
        &self,
        stream: &mut TcpStream,
        ended: &dyn Fn() -> bool,
    ) -> io::Result<bool> {
        std::thread::sleep(self.delay);
        let head = self.head();
        match self.manner {
            Manner::Hang => wait_until(ended),
            Manner::Reset => {}
            Manner::Whole => {
                stream.write_all(&[head, self.body.clone()].concat())?;
                return Ok(true);
            }
            Manner::Cut => {
                stream.write_all(&[head.as_slice(), &self.body[..self.body.len() / 2]].concat())?
            }
            Manner::Drip => drip(stream, &[head, self.body.clone()].concat(), ended)?,
            Manner::Endless => {
                stream.write_all(&head)?;
                while !ended() {
                    stream.write_all(&[b'x'; 16 * 1024])?;
                }
            }
        }
        Ok(false)
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            head.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        if self.manner != Manner::Endless {
            head.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        head
    }
}

fn drip(stream: &mut TcpStream, bytes: &[u8], ended: &dyn Fn() -> bool) -> io::Result<()> {
    for &byte in bytes {
        if ended() {
            break;
        }
        stream.write_all(&[byte])?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}

fn wait_until(ended: &dyn Fn() -> bool) {
    while !ended() {
        std::thread::sleep(Duration::from_millis(5));
    }
}
