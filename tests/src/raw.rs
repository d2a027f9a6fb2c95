//! A client that speaks the protocol line by line, so that a suite sees every byte and can kill
//! the server between two of them.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How many lines of stderr wait to be read; those after are lost.
const MAX_ERROR_LINES: usize = 1_024;

/// A server as a child process, with its three pipes.
pub struct RawServer {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    stderr: Option<ChildStderr>,
    next_id: u64,
}

impl RawServer {
    /// Starts the program with these arguments and variables. Neither `DO_NOT_TRACK` nor a
    /// `TOOLWATCH_*` variable of the suite's own environment is handed on.
    pub fn start(
        program: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.env_remove("DO_NOT_TRACK");
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TOOLWATCH_")) {
            command.env_remove(name);
        }
        command.args(arguments).envs(variables.iter().copied()).env("RUST_BACKTRACE", "0");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn()?;
        let pipe = || io::Error::other("a pipe of the child is missing");
        Ok(Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().ok_or_else(pipe)?),
            stderr: child.stderr.take(),
            child,
            next_id: 1,
        })
    }

    /// Starts the fixture server, watched, with a local record in `directory`.
    pub fn start_recording(program: &str, directory: &Path) -> io::Result<Self> {
        let directory = directory.to_string_lossy();
        Self::start(
            program,
            &["watched"],
            &[("TOOLWATCH_LOCAL", "1"), ("TOOLWATCH_DIR", &directory)],
        )
    }

    /// Does the handshake and returns the raw line of the server's reply.
    pub fn initialize(&mut self) -> io::Result<String> {
        let id = self.send_request(
            "initialize",
            json!({
                "protocolVersion": "2025-11-25",
                "capabilities": {},
                "clientInfo": { "name": "raw-client", "version": "0.1.0" },
            }),
        )?;
        let reply = self.read_reply(id)?;
        self.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))?;
        Ok(reply)
    }

    /// Calls a tool and returns the raw line of the reply.
    pub fn call(&mut self, tool: &str, arguments: Value) -> io::Result<String> {
        let id = self.send_call(tool, arguments)?;
        self.read_reply(id)
    }

    /// Sends a call and does not wait.
    pub fn send_call(&mut self, tool: &str, arguments: Value) -> io::Result<u64> {
        self.send_request("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// Sends a request and does not wait.
    pub fn send_request(&mut self, method: &str, params: Value) -> io::Result<u64> {
        let id = self.next_id;
        self.next_id += 1;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))?;
        Ok(id)
    }

    /// Sends one message.
    pub fn send(&mut self, message: &Value) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or_else(|| io::Error::other("stdin is closed"))?;
        writeln!(stdin, "{message}")?;
        stdin.flush()
    }

    /// Sends whole messages at once, as they are.
    pub fn send_lines(&mut self, lines: &str) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or_else(|| io::Error::other("stdin is closed"))?;
        stdin.write_all(lines.as_bytes())?;
        stdin.flush()
    }

    /// Reads lines until the reply with this id.
    pub fn read_reply(&mut self, id: u64) -> io::Result<String> {
        loop {
            let line = self.read_line()?;
            let message: Value = serde_json::from_str(&line)?;
            if message["id"] == json!(id) {
                return Ok(line);
            }
        }
    }

    /// Reads one line; the end of the stream is an error.
    pub fn read_line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        if self.stdout.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line)
    }

    /// The lines that the server writes to stderr, as they come; [`RawServer::end`] returns none
    /// of them any more.
    ///
    /// # Panics
    ///
    /// When asked twice.
    pub fn error_lines(&mut self) -> Receiver<String> {
        let stderr = self.stderr.take().expect("stderr is read once");
        let (sender, receiver) = std::sync::mpsc::sync_channel(MAX_ERROR_LINES);
        std::thread::spawn(move || {
            // Read to the end even when nobody listens, so that the server never blocks.
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.try_send(line);
            }
        });
        receiver
    }

    /// The id of the server's process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Closes stdin, and leaves the server its time.
    pub fn close_stdin(&mut self) {
        drop(self.stdin.take());
    }

    /// Waits for the server's end.
    pub fn wait(&mut self) -> io::Result<ExitStatus> {
        self.child.wait()
    }

    /// Waits for the server's end, at most for so long, and kills it then.
    pub fn wait_at_most(&mut self, time: Duration) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.child.kill()?;
        self.child.wait()
    }

    /// Kills the server with SIGKILL, at once, and waits for its end.
    pub fn kill(mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Kills the server with SIGKILL and returns what it had written to stdout by then.
    pub fn kill_and_read(mut self) -> io::Result<Vec<u8>> {
        self.child.kill()?;
        let mut rest = Vec::new();
        self.stdout.read_to_end(&mut rest)?;
        self.child.wait()?;
        Ok(rest)
    }

    /// Sends SIGTERM, which a server without a handler does not survive.
    #[cfg(unix)]
    pub fn terminate(&self) -> io::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status().map(drop)
    }

    /// Closes stdin and returns what was left on stdout and all of stderr.
    pub fn close(self) -> io::Result<(Vec<u8>, Vec<u8>)> {
        self.end().map(|(_, stdout, stderr)| (stdout, stderr))
    }

    /// Closes stdin and returns how the server ended, what was left on stdout and all of stderr.
    pub fn end(mut self) -> io::Result<(ExitStatus, Vec<u8>, Vec<u8>)> {
        drop(self.stdin.take());
        let stderr = self.stderr.take();
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stderr.map_or(Ok(0), |mut stderr| stderr.read_to_end(&mut bytes)).map(|_| bytes)
        });
        let mut rest = Vec::new();
        self.stdout.read_to_end(&mut rest)?;
        let status = self.child.wait()?;
        let errors =
            reader.join().map_err(|_| io::Error::other("the reader of stderr panicked"))??;
        Ok((status, rest, errors))
    }
}
