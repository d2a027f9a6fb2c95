//! One round of one cell: a watched server and the same one unwatched, ended by the same host.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toolwatch_tests::raw::RawServer;

use crate::crowd::Permits;
use crate::host::Host;
use crate::state::{Place, State};

/// How long the next process may take to send what the ended one left.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a round is played again at most.
const REPLAYS: usize = 5;

/// What ends the server, but for SIGKILL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The end of stdin; signals have their default effect.
    Orderly,
    /// The end of stdin, and SIGINT and SIGTERM by a handler of the author's.
    Handles,
    /// As `Orderly`, with a call under way: rmcp gives it five seconds.
    Busy,
    /// Nothing.
    Stubborn,
}

/// A host, a state and a kind of server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell {
    pub(crate) host: &'static Host,
    pub(crate) state: State,
    pub(crate) kind: Kind,
}

/// What a round has shown.
pub(crate) struct Shown {
    pub(crate) cell: Cell,
    pub(crate) round: usize,
    pub(crate) watched: Duration,
    pub(crate) unwatched: Duration,
    /// How much later than it should something ended that waits as long as a watch may, at the same
    /// time as the watched server. None where servers live on for seconds.
    pub(crate) control: Option<Duration>,
    pub(crate) ended_alike: bool,
    pub(crate) replied: usize,
    /// Replied calls whose event never came.
    pub(crate) lost: usize,
    /// Replied calls with more than one event.
    pub(crate) doubled: usize,
    /// Events that any report said to be dropped.
    pub(crate) dropped: u64,
    /// Bytes that went to one who is not to be trusted.
    pub(crate) bytes_told: usize,
}

impl Shown {
    /// How much later the watched server ended than the unwatched one, in milliseconds.
    pub(crate) fn added_ms(&self) -> f64 {
        (self.watched.as_secs_f64() - self.unwatched.as_secs_f64()) * 1000.0
    }

    /// The same round played twice: the times of the one that was less late, and all else of both.
    fn or_earlier(self, again: Self) -> Self {
        let (replied, lost) = (self.replied + again.replied, self.lost + again.lost);
        let (doubled, dropped) = (self.doubled + again.doubled, self.dropped + again.dropped);
        let bytes_told = self.bytes_told + again.bytes_told;
        let ended_alike = self.ended_alike && again.ended_alike;
        let earlier = if again.added_ms() < self.added_ms() { again } else { self };
        Self { replied, lost, doubled, dropped, bytes_told, ended_alike, ..earlier }
    }
}

impl Cell {
    /// Whether the server may outlive the first step of the ladder.
    pub(crate) fn is_slow(self) -> bool {
        matches!(self.kind, Kind::Busy | Kind::Stubborn)
    }

    /// Plays the round of this number: once, or again while the watched server ends later than so
    /// many milliseconds. What is late by itself is late each time.
    pub(crate) fn play(self, round: usize, permits: &Permits, late: f64) -> io::Result<Shown> {
        let mut shown = self.play_once(round, permits)?;
        for _ in 0..REPLAYS {
            if shown.added_ms() <= late {
                break;
            }
            shown = shown.or_earlier(self.play_once(round, permits)?);
        }
        Ok(shown)
    }

    fn play_once(self, round: usize, permits: &Permits) -> io::Result<Shown> {
        let (place, directory) = (Place::start(self.state)?, tempfile::tempdir()?);
        let calls = 1 + (round + self.state as usize) % 6;
        // Every other round ends while a request is on its way, or failed a moment ago.
        let is_amid = (round + self.state as usize + self.kind as usize).is_multiple_of(2);
        let start = |is_watched| {
            let mut server = self.start(&place.endpoint, directory.path(), is_watched, is_amid)?;
            self.call(&mut server, calls)?;
            if is_watched && is_amid && !place.wait_for_contact(self.state) {
                return Err(io::Error::other("the server never tried to send"));
            }
            io::Result::Ok(server)
        };
        let mut control = None;
        let (watched, unwatched) = if self.is_slow() {
            let (mut one, mut other) =
                permits.hold(|| io::Result::Ok((start(true)?, start(false)?)))?;
            std::thread::scope(|scope| {
                let other = scope.spawn(move || self.host.end(&mut other));
                let one = self.host.end(&mut one);
                let panicked = |_| io::Error::other("a thread of the suite panicked");
                io::Result::Ok((one?, other.join().map_err(panicked)??))
            })?
        } else {
            let mut end_watched = || {
                let mut server = start(true)?;
                std::thread::scope(|scope| {
                    let waiting = scope.spawn(lateness);
                    let ended = self.host.end(&mut server);
                    control = waiting.join().ok();
                    ended
                })
            };
            let end_unwatched = || self.host.end(&mut start(false)?);
            permits.hold(|| {
                if round.is_multiple_of(2) {
                    return io::Result::Ok((end_watched()?, end_unwatched()?));
                }
                let unwatched = end_unwatched()?;
                Ok((end_watched()?, unwatched))
            })?
        };
        permits.hold(|| drain(&place, directory.path()))?;
        Ok(Shown { round, control, ..self.judge(&place, calls, watched, unwatched) })
    }

    fn start(
        self,
        endpoint: &str,
        directory: &Path,
        is_watched: bool,
        is_quick: bool,
    ) -> io::Result<RawServer> {
        let kind = match self.kind {
            Kind::Orderly | Kind::Busy => "orderly",
            Kind::Handles => "handles",
            Kind::Stubborn => "stubborn",
        };
        let mut more = vec![("TOOLWATCH_ENABLED", if is_watched { "true" } else { "false" })];
        if is_quick {
            more.push(("TOOLWATCH_FLUSH_INTERVAL_MS", "20"));
        }
        start(kind, endpoint, directory, &more)
    }

    /// Makes the calls, each with a text of a length of its own, and reads the replies.
    fn call(self, server: &mut RawServer, calls: usize) -> io::Result<()> {
        if self.kind == Kind::Busy {
            server.send_call("wait", json!({ "text": "", "times": 60_000 }))?;
        }
        for number in 1..=calls {
            let reply = server.call("echo", json!({ "text": "x".repeat(number) }))?;
            assert!(reply.contains("\"content\""), "{reply}");
        }
        Ok(())
    }

    fn judge(
        self,
        place: &Place,
        calls: usize,
        watched: (Duration, ExitStatus),
        unwatched: (Duration, ExitStatus),
    ) -> Shown {
        let mut events = BTreeMap::<u64, usize>::new();
        for event in place.collector.events().iter().filter(|event| event["event_name"] == "echo") {
            *events.entry(length(event)).or_default() += 1;
        }
        let of = |number: usize| events.get(&(number as u64)).copied().unwrap_or_default();
        Shown {
            cell: self,
            round: 0,
            watched: watched.0,
            unwatched: unwatched.0,
            control: None,
            ended_alike: watched.1 == unwatched.1,
            replied: calls,
            lost: (1..=calls).filter(|&number| of(number) == 0).count(),
            doubled: (1..=calls).filter(|&number| of(number) > 1).count(),
            dropped: place.collector.dropped(),
            bytes_told: place.bytes_told(),
        }
    }
}

/// Waits as a drop does at most, for 20 and for 10 ms, and returns how much longer that took.
fn lateness() -> Duration {
    let began = Instant::now();
    let waits = [Duration::from_millis(20), Duration::from_millis(10)];
    waits.into_iter().for_each(std::thread::sleep);
    began.elapsed().saturating_sub(waits.iter().sum())
}

fn start(
    kind: &str,
    endpoint: &str,
    directory: &Path,
    more: &[(&str, &str)],
) -> io::Result<RawServer> {
    let directory = directory.to_string_lossy();
    let mut variables = vec![
        ("TOOLWATCH_ENDPOINT", endpoint),
        ("TOOLWATCH_API_KEY", "key"),
        ("TOOLWATCH_DIR", &*directory),
    ];
    variables.extend(more);
    let program = env!("CARGO_BIN_EXE_ladder");
    let mut server = if ignores_interrupts()? {
        // It becomes the server, so that the process is the same.
        RawServer::start("env", &["--default-signal=INT", program, kind], &variables)?
    } else {
        RawServer::start(program, &[kind], &variables)?
    };
    server.initialize()?;
    Ok(server)
}

/// Whether this process ignores SIGINT and its children with it, as jobs in the background of a
/// shell do. No host is such a job.
fn ignores_interrupts() -> io::Result<bool> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    let mask = u64::from_str_radix(mask.trim(), 16).map_err(io::Error::other)?;
    Ok(mask & (1 << (rustix::process::Signal::INT.as_raw() - 1)) != 0)
}

/// The collector is kind again, and the next process sends what the ended one left.
fn drain(place: &Place, directory: &Path) -> io::Result<()> {
    place.collector.turn(None);
    if segments(directory)? == 0 {
        return Ok(());
    }
    let more = [("TOOLWATCH_FLUSH_INTERVAL_MS", "20")];
    let next = start("orderly", place.collector.endpoint(), directory, &more)?;
    let deadline = Instant::now() + PATIENCE;
    while segments(directory)? > 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(2));
    }
    next.close()?;
    match segments(directory)? {
        0 => Ok(()),
        left => Err(io::Error::other(format!("{left} segments are left in the spool"))),
    }
}

fn segments(directory: &Path) -> io::Result<usize> {
    let entries = std::fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    Ok(entries
        .iter()
        .filter(|entry| entry.path().extension().is_some_and(|it| it == "seg"))
        .count())
}

fn length(event: &Value) -> u64 {
    event["request_params"]["fields"]["text"]["len"].as_u64().unwrap_or_default()
}
