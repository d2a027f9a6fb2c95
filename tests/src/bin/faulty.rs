//! A watched server over stdio whose process is made to suffer, for the suite `faults`:
//! `faulty ADDRESS`.
//!
//! It connects to the address and takes one command per line from there, also while it serves; each
//! is answered with one line. The watch and the server start with the first one, `start`, so that what
//! ails the process can begin before. All threads of the server itself are there by then.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Arc, Barrier, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rmcp::ServiceExt as _;
use rmcp::transport::stdio;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};
use toolwatch::event::Transport;
use toolwatch::{DropReason, Stats, Watch};
use toolwatch_tests::server::watched;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Threads that block on stdin and stdout.
const BLOCKING: usize = 4;

struct Control {
    watch: OnceLock<Watch>,
    /// Files that are open for nothing.
    hoard: Mutex<Vec<File>>,
}

impl Control {
    fn answer(&self, command: &str, rest: &str) -> Result<Value, Failure> {
        let watch = || self.watch.get().ok_or("there is no watch yet");
        let time = || rest.parse().map(Duration::from_millis);
        let mut hoard = self.hoard.lock().unwrap_or_else(PoisonError::into_inner);
        match command {
            "stats" => return Ok(numbers(&watch()?.stats())),
            "flush" => drop_numbers(watch()?.flush(time()?)),
            "shutdown" => drop_numbers(watch()?.shutdown(time()?)),
            "hoard" => {
                while let Ok(file) = File::open("/dev/null") {
                    hoard.push(file);
                }
            }
            "release" => hoard.clear(),
            "sh" => {
                let status = Command::new("sh").args(["-c", rest]).stdin(Stdio::null()).status()?;
                return Ok(json!({ "success": status.success() }));
            }
            _ => return Err("an unknown command".into()),
        }
        Ok(numbers(&watch()?.stats()))
    }
}

fn drop_numbers(_: toolwatch::Delivery) {}

fn numbers(stats: &Stats) -> Value {
    let mut numbers = json!({
        "memory_fallbacks": stats.memory_fallbacks,
        "disk_errors": stats.disk_errors,
        "retries": stats.retries,
        "panics": stats.panics,
        "thread_failures": stats.thread_failures,
        "capture_faults": stats.capture_faults,
    });
    for (side, tally) in [("", stats.own()), ("adopted.", stats.adopted())] {
        numbers[format!("{side}captured")] = tally.captured().into();
        numbers[format!("{side}delivered")] = tally.delivered().into();
        numbers[format!("{side}spooled")] = tally.spooled().into();
        numbers[format!("{side}dropped")] = tally.dropped_total().into();
        for reason in DropReason::ALL {
            numbers[format!("{side}dropped.{}", reason.as_str())] = tally.dropped(*reason).into();
        }
    }
    numbers
}

/// Answers commands until the other side hangs up.
fn obey(control: &Control, stream: TcpStream) -> Result<(), Failure> {
    let mut writer = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = control.answer(command, rest);
        let answer = answer.unwrap_or_else(|error| json!({ "error": error.to_string() }));
        writeln!(writer, "{answer}")?;
    }
    Ok(())
}

/// Starts the threads that will block on stdin and stdout, and keeps them.
fn warm_up(runtime: &Runtime) {
    let barrier = Arc::new(Barrier::new(BLOCKING));
    runtime.block_on(async {
        let threads = (0..BLOCKING).map(|_| {
            let barrier = Arc::clone(&barrier);
            tokio::task::spawn_blocking(move || barrier.wait())
        });
        for thread in threads.collect::<Vec<_>>() {
            let _ = thread.await;
        }
    });
}

fn main() -> Result<(), Failure> {
    let address = std::env::args().nth(1).ok_or("no address")?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .thread_keep_alive(Duration::from_secs(3_600))
        .build()?;
    warm_up(&runtime);
    let control = Arc::new(Control { watch: OnceLock::new(), hoard: Mutex::default() });
    // The thread exists before what may keep threads from being started.
    let (obeying, (hand_over, taken)) = (Arc::clone(&control), std::sync::mpsc::sync_channel(1));
    std::thread::spawn(move || taken.recv().map(|stream| obey(&obeying, stream)));
    let mut stream = TcpStream::connect(address)?;
    let mut line = String::new();
    BufReader::with_capacity(1, stream.try_clone()?).read_line(&mut line)?;
    let watch = Watch::builder()
        .server("faulty", "1.0.0")
        .skip_methods(["initialize", "notifications/initialized", "tools/list"])
        // Without the events of the connection: each call is one event, and nothing else is.
        .transport(Transport::InProcess)
        .build()?;
    let _ = control.watch.set(watch.clone());
    writeln!(stream, "{{}}")?;
    hand_over.send(stream)?;
    runtime.block_on(async {
        let server = watch.wrap(watched::Server).serve(stdio()).await?;
        server.waiting().await?;
        Ok::<_, Failure>(())
    })?;
    watch.shutdown(Duration::from_millis(200));
    Ok(())
}
