//! What a collector can do to a client instead of taking its batch.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use super::PATIENCE;

/// Between two bytes of a slow reply.
const DRIP: Duration = Duration::from_millis(20);

/// 32 MiB that are 32 KiB on the wire; made once, because that takes longer than a client waits.
pub(super) static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| bomb().unwrap_or_default());

/// What it does instead of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Evil {
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
    /// It reads the request and keeps the connection, and nothing comes back.
    BlackHole,
    /// Garbage before anything was read, as to one who begins with TLS.
    GarbageFirst,
    /// A status line, and headers after it.
    Refuses(&'static str),
}

impl Evil {
    /// Whether a client may take it for a yes, so that it need not send the batch again.
    pub(super) const fn is_yes(self) -> bool {
        matches!(
            self,
            Self::EndlessBody
                | Self::EndlessChunk
                | Self::GzipBomb
                | Self::DripBody
                | Self::TenGibibytes
                | Self::WideJson
                | Self::DeepJson
                | Self::ResetMidBody
                | Self::ReplyFirst
        )
    }

    /// Whether it happens before the request is read.
    pub(super) const fn is_first(self) -> bool {
        matches!(self, Self::ReplyFirst | Self::RefuseFirst | Self::HangUp | Self::GarbageFirst)
    }

    /// Answers. Errors are the client's hanging up.
    pub(super) fn answer(self, stream: &mut TcpStream) -> io::Result<()> {
        match self {
            Self::ReplyFirst => reply(stream, "200 OK", "{}"),
            Self::RefuseFirst => reply(stream, "503 Service Unavailable", "{}"),
            Self::Refuses(status) => reply(stream, status, "{}"),
            Self::BlackHole => stream.read(&mut [0]).map(drop),
            Self::EndlessBody => forever(stream, "HTTP/1.1 200 OK\r\n\r\n", &[b' '; 4096]),
            Self::EndlessChunk => {
                let head =
                    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffff\r\n";
                forever(stream, head, &[b' '; 4096])
            }
            Self::EndlessHead => forever(stream, "HTTP/1.1 200 OK\r\nx: ", &[b'x'; 4096]),
            Self::EndlessHeaders => forever(stream, "HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
            Self::EndlessInformational => forever(stream, "", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
            Self::GzipBomb => {
                let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n";
                stream.write_all(head.as_bytes())?;
                stream.write_all(&BOMB)
            }
            Self::Redirects => stream.write_all(
                b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /hop\r\ncontent-length: 0\r\n\r\n",
            ),
            Self::DripHead => drip(stream, "HTTP/1.1 200 OK\r\nx-slow: "),
            Self::DripBody => drip(stream, "HTTP/1.1 200 OK\r\n\r\n"),
            Self::TenGibibytes => forever(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n",
                &[0; 4096],
            ),
            Self::WideJson => {
                reply(stream, "200 OK", &format!("{{\"x\":[{}0]}}", "0,".repeat(30_000)))
            }
            Self::DeepJson => reply(stream, "200 OK", &"{\"quota\":".repeat(8_000)),
            // What is left unread makes the kernel send a reset.
            Self::ResetMidBody => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"accepted\":")
            }
            Self::Garbage | Self::GarbageFirst => {
                stream.write_all(&[0x16, 3, 1, 0, b'\n', 0xff, b'\r', b'\n', 0, 0])
            }
            Self::HangUp | Self::NeverAccept => Ok(()),
        }
    }
}

pub(super) fn reply(stream: &mut TcpStream, status: &str, body: &str) -> io::Result<()> {
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

fn bomb() -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..512 {
        encoder.write_all(&[b' '; 64 * 1024])?;
    }
    encoder.finish()
}
