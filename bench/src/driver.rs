//! A client that costs next to nothing: it writes lines made beforehand and counts line feeds.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::runtime::{Builder, Runtime};

use crate::lines;

/// A connection, driven from the calling thread.
pub struct Driver {
    runtime: Runtime,
    stream: DuplexStream,
    calls: Vec<Vec<u8>>,
    next: usize,
    buffer: Vec<u8>,
}

impl Driver {
    /// Shakes hands over the stream.
    pub fn connect(stream: DuplexStream) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().build()?;
        let mut driver = Self { runtime, stream, calls: lines::calls(), next: 0, buffer: vec![0; 1 << 16] };
        let (initialize, initialized) = lines::handshake();
        driver.runtime.block_on(async {
            driver.stream.write_all(&initialize).await?;
            read_replies(&mut driver.stream, &mut driver.buffer).await?;
            driver.stream.write_all(&initialized).await
        })?;
        Ok(driver)
    }

    /// From now on sends these requests in turn, in place of calls of `search`.
    pub fn set_requests(&mut self, requests: Vec<Vec<u8>>) {
        (self.calls, self.next) = (requests, 0);
    }

    /// Makes `count` calls with at most `depth` under way.
    pub fn call(&mut self, count: usize, depth: usize) -> io::Result<()> {
        let Self { runtime, stream, calls, next, buffer } = self;
        runtime.block_on(async {
            let (mut sent, mut answered) = (0, 0);
            let mut burst = Vec::with_capacity(depth * 512);
            while answered < count {
                burst.clear();
                while sent < count && sent - answered < depth {
                    burst.extend_from_slice(&calls[*next % calls.len()]);
                    (*next, sent) = (*next + 1, sent + 1);
                }
                stream.write_all(&burst).await?;
                answered += read_replies(stream, buffer).await?;
            }
            Ok(())
        })
    }

    /// Calls once and returns the reply's text, to see that the server does what is measured.
    pub fn sample(&mut self) -> io::Result<String> {
        let Self { runtime, stream, calls, buffer, .. } = self;
        runtime.block_on(async {
            stream.write_all(&calls[0]).await?;
            let mut reply = Vec::new();
            while reply.last() != Some(&b'\n') {
                let read = stream.read(buffer).await?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                reply.extend_from_slice(&buffer[..read]);
            }
            Ok(String::from_utf8_lossy(&reply).into_owned())
        })
    }
}

/// Reads what is there, at least one whole line, and counts the lines.
async fn read_replies(stream: &mut DuplexStream, buffer: &mut [u8]) -> io::Result<usize> {
    let mut replies = 0;
    loop {
        let read = stream.read(buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        replies += buffer[..read].iter().filter(|byte| **byte == b'\n').count();
        if buffer[read - 1] == b'\n' {
            return Ok(replies);
        }
    }
}
