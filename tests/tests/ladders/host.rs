//! How hosts end their servers, step by step.

use std::io;
use std::os::fd::OwnedFd;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use toolwatch_tests::raw::RawServer;

/// A server that lives on for so long after the last step is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// One step of a ladder.
#[derive(Clone, Copy, Debug)]
enum Act {
    CloseStdin,
    Send(Signal),
}

/// A host, and what it does to a server that is still there, each after so many milliseconds.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) name: &'static str,
    ladder: &'static [(u64, Act)],
}

use Act::{CloseStdin, Send};

pub(crate) const HOSTS: [Host; 6] = [
    // As observed with version 2: stdin stays open.
    Host {
        name: "Claude Code",
        ladder: &[(0, Send(Signal::INT)), (100, Send(Signal::TERM)), (400, Send(Signal::KILL))],
    },
    // modelcontextprotocol/typescript-sdk, client/stdio.ts, `close`; modelcontextprotocol/python-sdk,
    // client/stdio, PROCESS_TERMINATION_TIMEOUT.
    Host {
        name: "TypeScript and Python SDK",
        ladder: &[(0, CloseStdin), (2000, Send(Signal::TERM)), (2000, Send(Signal::KILL))],
    },
    // rmcp 3.9, src/transport/child_process.rs, `graceful_shutdown` and MAX_WAIT_ON_DROP_SECS.
    Host {
        name: "rmcp",
        ladder: &[(0, CloseStdin), (3000, Send(Signal::TERM)), (3000, Send(Signal::KILL))],
    },
    // microsoft/vscode at ce34ccc36f98, src/vs/workbench/contrib/mcp/node/mcpStdioStateHandler.ts:
    // GRACE_TIME_MS after the end of stdin and again after SIGTERM. A second stop kills at once,
    // which is the next row.
    Host {
        name: "VS Code",
        ladder: &[(0, CloseStdin), (10_000, Send(Signal::TERM)), (10_000, Send(Signal::KILL))],
    },
    Host { name: "instant kill", ladder: &[(0, Send(Signal::KILL))] },
    Host { name: "end of stdin only", ladder: &[(0, CloseStdin)] },
];

impl Host {
    /// Whether the last step ends every process.
    pub(crate) fn always_ends(&self) -> bool {
        matches!(self.ladder.last(), Some((_, Send(Signal::KILL))))
    }

    /// Ends a server. Returns how, and how long after the first step its process was gone.
    pub(crate) fn end(&self, server: &mut RawServer) -> io::Result<(Duration, ExitStatus)> {
        let id = i32::try_from(server.id()).ok().and_then(Pid::from_raw);
        let id = id.ok_or_else(|| io::Error::other("no id of a process"))?;
        let process = pidfd_open(id, PidfdFlags::empty())?;
        let began = Instant::now();
        let mut at = began;
        for (after_ms, act) in self.ladder {
            at += Duration::from_millis(*after_ms);
            if ends_before(&process, at)? {
                break;
            }
            match act {
                CloseStdin => server.close_stdin(),
                Send(signal) => pidfd_send_signal(&process, *signal)?,
            }
        }
        if !ends_before(&process, at + PATIENCE)? {
            pidfd_send_signal(&process, Signal::KILL)?;
            server.wait()?;
            return Err(io::ErrorKind::TimedOut.into());
        }
        let took = began.elapsed();
        Ok((took, server.wait()?))
    }
}

/// Waits for the end of a process, and returns whether it came in time.
fn ends_before(process: &OwnedFd, deadline: Instant) -> io::Result<bool> {
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let time = Timespec::try_from(left).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&time)) {
            Ok(ready) => return Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
