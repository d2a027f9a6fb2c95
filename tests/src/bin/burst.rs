//! A process that makes many events at once, for the suite `burst`: its memory is its own.
//!
//! It takes one command per line on stdin and answers each with one line of JSON, the numbers of its
//! watch: `burst N` makes N events, `drain MS` flushes, `end MS` shuts down. One event of a hundred is
//! a watched call through rmcp's own client and server; the others are events of the author's own,
//! from three threads, as fast as they can.

use std::io::BufRead as _;
use std::thread;
use std::time::{Duration, Instant};

use rmcp::ServiceExt as _;
use rmcp::model::CallToolRequestParams;
use serde_json::{Value, json};
use toolwatch::{DropReason, Tally, Watch};
use toolwatch_tests::observed::{Client, text};
use toolwatch_tests::server::watched;

const THREADS: u64 = 3;

struct Burst {
    watch: Watch,
    runtime: tokio::runtime::Runtime,
    client: Client,
}

impl Burst {
    fn start(watch: &Watch) -> Result<Self, Box<dyn std::error::Error>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (server_side, client_side) = tokio::io::duplex(1 << 16);
        let client = runtime.block_on(async {
            tokio::spawn(async move {
                if let Ok(running) = watched::Server.serve(server_side).await {
                    let _ = running.waiting().await;
                }
            });
            ().serve(client_side).await
        })?;
        Ok(Self { watch: watch.clone(), runtime, client })
    }

    /// Makes so many events, and returns how many calls did not get their reply.
    fn make(&self, events: u64) -> u64 {
        let calls = events / 100;
        let others = events - calls;
        thread::scope(|scope| {
            for number in 0..THREADS {
                let share = others / THREADS + u64::from(number < others % THREADS);
                scope.spawn(move || {
                    for item in 0..share {
                        let event = self.watch.event("burst").count("item", item);
                        event.tag("made", "by a thread of its own").record();
                    }
                });
            }
            self.runtime.block_on(self.call(calls))
        })
    }

    async fn call(&self, calls: u64) -> u64 {
        let mut failed = 0;
        for _ in 0..calls {
            let arguments = json!({ "text": "x", "times": 3 }).as_object().cloned();
            let request = CallToolRequestParams::new("echo");
            let request = request.with_arguments(arguments.unwrap_or_default());
            let reply = self.client.call_tool(request).await;
            failed += u64::from(!reply.is_ok_and(|reply| text(&reply) == "xxx"));
        }
        failed
    }

    fn answer(&self, command: &str, number: u64) -> Value {
        let began = Instant::now();
        let mut failed = 0;
        match command {
            "burst" => failed = self.make(number),
            "drain" => drop(self.watch.flush(Duration::from_millis(number))),
            "end" => drop(self.watch.shutdown(Duration::from_millis(number))),
            _ => {}
        }
        let seconds = began.elapsed().as_secs_f64();
        let stats = self.watch.stats();
        json!({
            "seconds": seconds,
            "failed": failed,
            "balanced": stats.is_balanced(),
            "own": tally(stats.own()),
            "adopted": tally(stats.adopted()),
        })
    }
}

fn tally(tally: &Tally) -> Value {
    let dropped = DropReason::ALL.iter().map(|&reason| (reason.as_str(), tally.dropped(reason)));
    let dropped: serde_json::Map<_, _> =
        dropped.filter(|(_, count)| *count > 0).map(|(name, n)| (name.into(), n.into())).collect();
    json!({
        "captured": tally.captured(),
        "delivered": tally.delivered(),
        "spooled": tally.spooled(),
        "lost": tally.dropped_total(),
        "dropped": dropped,
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let watch = Watch::builder().server("burst", "1.0.0").build()?;
    let _installed = watch.clone().install()?;
    let burst = Burst::start(&watch)?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let (command, number) = line.split_once(' ').unwrap_or((&line, "0"));
        println!("{}", burst.answer(command, number.parse()?));
    }
    Ok(())
}
