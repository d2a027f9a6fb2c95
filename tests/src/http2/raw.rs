//! What a collector does to those who send, in frames that no library writes.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use super::{Harm, PATIENCE};

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

/// Sends frames until the client hangs up.
pub(super) fn flood(mut stream: TcpStream, harm: Harm) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // The greeting, and all that came with it; what comes later is left unread.
    let _ = stream.read(&mut [0; 64 * 1024])?;
    if harm == Harm::Garbage {
        return stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    }
    stream.write_all(&frame(SETTINGS, 0, 0, &[]))?;
    let more = match harm {
        Harm::EndlessHeaders => {
            // `:status: 200`, and a literal whose value is said to be 16 MiB long.
            stream.write_all(&frame(
                HEADERS,
                0,
                1,
                &[0x88, 0, 1, b'x', 0x7f, 0x81, 0xff, 0xff, 7],
            ))?;
            frame(CONTINUATION, 0, 1, &[b'x'; 4096])
        }
        // `:status: 103`, as a literal.
        Harm::EndlessInformational => frame(HEADERS, END_HEADERS, 1, &[0x08, 3, b'1', b'0', b'3']),
        Harm::EndlessPings => frame(PING, 0, 0, &[7; 8]),
        _ => frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0]),
    };
    let more = more.repeat(4096_usize.div_ceil(more.len()));
    let end = Instant::now() + PATIENCE;
    while Instant::now() < end {
        stream.write_all(&more)?;
    }
    Ok(())
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    let mut frame = len[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
