//! Promise: however a host ends its server, and whatever the collector is like, no replied call
//! loses its event, and the end comes as soon as without a watch.
//!
//! Every cell is a host's ladder, a collector's state and a kind of server. A round of it ends a
//! watched server and the same one unwatched, one after the other and in turns; what is left in the
//! spool is sent by the next process. `TOOLWATCH_TEST_SCALE` multiplies the rounds; from 10 on also
//! those cells are played in all states whose servers outlive the first step.

#![cfg(target_os = "linux")]

mod cell;
mod crowd;
mod host;
mod state;

use std::collections::BTreeMap;
use std::time::Duration;

use cell::{Cell, Kind, Shown};
use crowd::{Permits, each};
use host::HOSTS;
use state::STATES;

/// How much later than without a watch a server may end, in 99 of 100 rounds. At scale 1, of
/// whose few rounds one or two decide, a round in which it ends later is played again: the machine
/// may have been busy.
const MAX_ADDED_MS: f64 = 50.0;
/// Rounds at work at once, so that they do not measure each other; and threads of those rounds that
/// end at the first step, and of those that wait for later ones.
const AT_WORK: usize = 1;
const QUICK_THREADS: usize = 1;
const SLOW_THREADS: usize = 16;

/// A cell, and the number of its round.
type Round = (Cell, usize);

/// The rounds of servers that end at the first step, and of those that may not.
fn rounds() -> (Vec<Round>, Vec<Round>) {
    let scale = toolwatch_tests::scale();
    let (mut quick, mut slow) = (Vec::new(), Vec::new());
    for round in 0..scale {
        for (place, state) in STATES.into_iter().enumerate() {
            for (number, host) in HOSTS.iter().enumerate() {
                for kind in [Kind::Orderly, Kind::Handles] {
                    quick.push((Cell { host, state, kind }, round));
                }
                // At scale 1 two states for each, and not the same ones for all hosts.
                let is_turn =
                    scale >= 10 && round < scale / 10 || round == 0 && (place + number) % 6 == 4;
                for kind in [Kind::Stubborn, Kind::Busy] {
                    if is_turn && (host.always_ends() || kind == Kind::Busy) {
                        slow.push((Cell { host, state, kind }, round));
                    }
                }
            }
        }
    }
    // Those that take longest begin first.
    slow.sort_by_key(|(cell, _)| std::cmp::Reverse((cell.host.name == "VS Code", cell.kind)));
    (quick, slow)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The value below which this share of all values is.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

fn added(shown: &[&Shown]) -> Vec<f64> {
    shown.iter().map(|it| it.added_ms()).collect()
}

/// How late the machine lets things end, in 99 of 100 rounds, because it does others: an unwatched
/// server, or something that waits as long as a watch may.
fn noise(shown: &[Shown]) -> f64 {
    let mut groups = BTreeMap::<_, Vec<f64>>::new();
    for it in shown {
        groups.entry((it.cell.host.name, it.cell.kind)).or_default().push(millis(it.unwatched));
    }
    let late = groups.values().flat_map(|times| {
        let usual = percentile(times, 0.5);
        times.iter().map(move |time| time - usual)
    });
    let late = percentile(&late.collect::<Vec<_>>(), 0.99);
    let controls: Vec<_> = shown.iter().filter_map(|it| it.control).map(millis).collect();
    late.max(percentile(&controls, 0.99))
}

fn print(name: &str, shown: &[&Shown]) {
    let of = |time: fn(&Shown) -> Duration| -> Vec<f64> {
        shown.iter().map(|it| millis(time(it))).collect()
    };
    let [watched, unwatched, added] = [of(|it| it.watched), of(|it| it.unwatched), added(shown)]
        .map(|times| format!("{:.1}/{:.1}", percentile(&times, 0.5), percentile(&times, 0.99)));
    println!(
        "ladders: {name}: {} rounds, end after p50/p99 ms: watched {watched}, unwatched {unwatched}, added {added}",
        shown.len()
    );
}

#[test]
fn no_host_loses_an_event_or_waits_whatever_the_collector_is_like() {
    let permits = Permits::new(AT_WORK);
    let play = |(cell, round): Round| {
        let late = if toolwatch_tests::scale() == 1 { MAX_ADDED_MS } else { f64::INFINITY };
        let shown = cell.play(round, &permits, late);
        shown.unwrap_or_else(|error| panic!("{cell:?}: {error}"))
    };
    let (quick, slow) = rounds();
    let mut shown = std::thread::scope(|scope| {
        let slow = scope.spawn(|| each(slow, SLOW_THREADS, play));
        let mut shown = each(quick, QUICK_THREADS, play);
        shown.extend(slow.join().expect("the slow rounds"));
        shown
    });
    shown.sort_by_key(|it| it.cell.kind);
    for host in &HOSTS {
        let of_host = |it: &&Shown| it.cell.host.name == host.name;
        let is_slow = |it: &&Shown| it.cell.is_slow();
        print(
            host.name,
            &shown.iter().filter(of_host).filter(|it| !is_slow(it)).collect::<Vec<_>>(),
        );
        let slow = shown.iter().filter(of_host).filter(is_slow).collect::<Vec<_>>();
        print(&format!("{}, the server outlives its first step", host.name), &slow);
    }
    for state in STATES {
        let of_state = shown.iter().filter(|it| it.cell.state == state);
        print(&format!("{state:?}"), &of_state.collect::<Vec<_>>());
    }
    let all: Vec<_> = shown.iter().collect();
    print("all", &all);
    let mut worst = all.clone();
    worst.sort_by_key(|it| std::cmp::Reverse(it.watched.saturating_sub(it.unwatched)));
    for it in worst.iter().take(5) {
        println!(
            "ladders: among the latest: {} {:?} {:?} at round {}: {:.1} ms, unwatched {:.1} ms",
            it.cell.host.name,
            it.cell.state,
            it.cell.kind,
            it.round,
            millis(it.watched),
            millis(it.unwatched)
        );
    }
    let (late, noise) = (percentile(&added(&all), 0.99), noise(&shown));
    let sum = |of: fn(&Shown) -> usize| shown.iter().map(of).sum::<usize>();
    let (replied, lost, doubled) = (sum(|it| it.replied), sum(|it| it.lost), sum(|it| it.doubled));
    let dropped = shown.iter().map(|it| it.dropped).sum::<u64>();
    let unlike = sum(|it| usize::from(!it.ended_alike));
    println!(
        "ladders: {} rounds, {replied} replied calls, {lost} lost, {doubled} doubled, {dropped} dropped, \
         added exit time p99 {late:.1} ms (noise of the machine {noise:.1} ms), {unlike} ended otherwise",
        shown.len()
    );
    assert_eq!((lost, doubled, dropped), (0, 0, 0));
    assert_eq!(sum(|it| it.bytes_told), 0, "told to one who is not to be trusted");
    assert!(late <= MAX_ADDED_MS + noise.max(0.0), "{late} ms later than without a watch");
}
