//! Drives a wrapped server through every operation and every end, over any wire.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use toolwatch::Watch;

use super::messages::{Message, hello, message, request};
use super::operations::{COMMON, Maker, NOTICES, OF_SESSIONS, OF_STATELESS, tools};
use super::script::End;
use super::server::Whole;
use super::wire::Wire;
use crate::canary::needle::Needles;
use crate::canary::round::{captured, until};
use crate::canary::schema::Schema;
use crate::canary::sinks::Sinks;
use crate::wrapped::Era;

/// Between two requests that nobody answers, where the suite cannot see what was recorded.
const PAUSE: Duration = Duration::from_millis(15);

/// The server, where it runs in the suite's own process.
#[derive(Clone)]
pub struct Inside {
    /// Its watch.
    pub watch: Watch,
    /// Itself.
    pub server: Whole,
}

/// One session, or as many requests as a session would have.
pub struct Drive<'a> {
    /// Which protocol.
    pub era: Era,
    /// The needles.
    pub needles: &'a mut Needles,
    /// The schema of the dynamic tool.
    pub schema: &'a Schema,
    /// What can be seen of the server.
    pub inside: Option<Inside>,
    /// Where its spool is.
    pub spool: PathBuf,
    /// Which message is next.
    pub turn: usize,
    /// Whether it goes over HTTP.
    pub is_http: bool,
    /// Whether the wrapper serves the router that was handed over.
    pub is_routed: bool,
    /// What was seen while requests were under way.
    pub sinks: &'a mut Sinks,
}

impl Drive<'_> {
    fn maker(&mut self) -> Maker<'_> {
        self.maker_of("plain")
    }

    fn maker_of(&mut self, tool: &'static str) -> Maker<'_> {
        self.turn += 1;
        let (turn, is_http) = (self.turn, self.is_http);
        Maker { needles: self.needles, schema: self.schema, turn, tool, is_http }
    }

    /// Does the handshake, where there is one.
    ///
    /// # Errors
    ///
    /// When the server does not answer.
    pub async fn open(&mut self, wire: &mut Wire) -> io::Result<()> {
        if self.era == Era::Stateless {
            return Ok(());
        }
        let hello = hello(End::Reply, &mut self.maker());
        wire.send(&hello, self.needles).await?;
        wire.reply(hello.id(), self.needles).await?;
        let before = self.captured();
        let ready = message("notifications/initialized", End::Reply, self.era, &mut self.maker());
        wire.send(&ready, self.needles).await?;
        // The notification and two events of the author's.
        self.recorded(before, 3).await
    }

    /// A handshake that fails.
    ///
    /// # Errors
    ///
    /// When it cannot even be sent.
    pub async fn fail_to_open(&mut self, wire: &mut Wire, end: End) -> io::Result<()> {
        let before = self.captured();
        let hello = hello(end, &mut self.maker());
        wire.send(&hello, self.needles).await?;
        self.recorded(before, 1).await?;
        wire.hang_up();
        Ok(())
    }

    /// Every operation, in every way that it can end.
    ///
    /// # Errors
    ///
    /// What went wrong, and at which message.
    pub async fn run(&mut self, wire: &mut Wire, ends: &[End]) -> io::Result<()> {
        let more: &[&str] = if self.era == Era::Session { &OF_SESSIONS } else { &OF_STATELESS };
        let methods: Vec<&str> = COMMON.iter().chain(more).copied().collect();
        for end in ends.iter().copied() {
            for tool in tools(end) {
                let call = request("tools/call", end, self.era, &mut self.maker_of(tool));
                self.make(wire, &call).await.map_err(|error| named(&call, &error))?;
            }
            for method in &methods {
                // The wrapper lists a router without the handler, which cannot end in any way then.
                let is_listed = self.is_routed && *method == "tools/list";
                let end = if is_listed { End::Reply } else { end };
                let message = request(method, end, self.era, &mut self.maker());
                self.make(wire, &message).await.map_err(|error| named(&message, &error))?;
            }
            if self.era == Era::Session {
                self.notify(wire, end).await?;
            }
        }
        Ok(())
    }

    /// Makes a request and sees it to its end.
    async fn make(&mut self, wire: &mut Wire, message: &Message) -> io::Result<()> {
        let before = self.captured();
        let waiting = self.waiting();
        wire.send(message, self.needles).await?;
        // Two events of the author's, and the request's own. A handler that listens does not know
        // its call, and tells one of them.
        let events = if message.method() == "subscriptions/listen" { 2 } else { 3 };
        match message.end {
            End::Early => self.recorded(before, 1).await?,
            End::Panic => self.recorded(before, events).await?,
            End::Wait => {
                self.under_way(waiting).await?;
                self.cancel(wire, message, before + events).await?;
            }
            _ => return wire.reply(message.id(), self.needles).await,
        }
        wire.hang_up();
        Ok(())
    }

    /// Cancels a request: by a notification in a session, by hanging up elsewhere.
    async fn cancel(
        &mut self,
        wire: &mut Wire,
        message: &Message,
        recorded: u64,
    ) -> io::Result<()> {
        if wire.is_http() && self.era == Era::Stateless {
            wire.hang_up();
            return self.recorded(recorded, 0).await;
        }
        let mut cancel = notice("notifications/cancelled", self.era, &mut self.maker());
        cancel.json["params"]["requestId"] = message.id().clone();
        // The notification's stream must not take the place of the request's.
        match wire {
            Wire::Http(http) => http.aside(&cancel, self.needles).await?,
            pipe @ Wire::Pipe(_) => pipe.send(&cancel, self.needles).await?,
        }
        let of_cancel = if cancel.is_skipped() { 1 } else { 3 };
        self.recorded(recorded, of_cancel).await
    }

    async fn notify(&mut self, wire: &mut Wire, end: End) -> io::Result<()> {
        for method in NOTICES {
            let before = self.captured();
            let notice = message(method, end, self.era, &mut self.maker());
            wire.send(&notice, self.needles).await?;
            // Of one that is left out, the author's event outside remains.
            let events = if end == End::Early || notice.is_skipped() { 1 } else { 3 };
            self.recorded(before, events).await.map_err(|error| named(&notice, &error))?;
        }
        Ok(())
    }

    fn captured(&self) -> u64 {
        self.inside.as_ref().map_or(0, |inside| captured(&inside.watch))
    }

    fn waiting(&self) -> usize {
        self.inside.as_ref().map_or(0, |inside| inside.server.waiting())
    }

    /// Waits until so many more events were captured.
    async fn recorded(&self, before: u64, events: u64) -> io::Result<()> {
        let Some(inside) = &self.inside else {
            tokio::time::sleep(PAUSE).await;
            return Ok(());
        };
        until(|| captured(&inside.watch) >= before + events).await
    }

    /// Waits until a request is under way, and collects the spool the first time.
    ///
    /// # Errors
    ///
    /// When it has no begin record.
    pub async fn under_way(&mut self, before: usize) -> io::Result<()> {
        match &self.inside {
            Some(inside) => until(|| inside.server.waiting() > before).await?,
            None => tokio::time::sleep(PAUSE).await,
        }
        if self.sinks.0.iter().any(|sink| sink.name.starts_with(DURING)) {
            return Ok(());
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let mut seen = Sinks::default();
            seen.add_directory(DURING, &self.spool)?;
            let is_begun =
                |bytes: &[u8]| bytes.windows(13).any(|window| window == b"\"interrupted\"");
            let begun = |name: &str| name.ends_with(".begun");
            if seen.0.iter().any(|sink| begun(&sink.name) && is_begun(&sink.bytes)) {
                self.sinks.0.append(&mut seen.0);
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(io::Error::other("a request under way has no begin record"));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn notice(method: &str, era: Era, maker: &mut Maker<'_>) -> Message {
    message(method, End::Reply, era, maker)
}

/// The name of what is seen while a request is under way.
pub const DURING: &str = "spool during a request";

fn named(message: &Message, error: &io::Error) -> io::Error {
    let params = message.json["params"].clone();
    let name = params["name"].as_str().unwrap_or_default();
    io::Error::other(format!("{} {name} {:?}: {error}", message.method(), message.end))
}
