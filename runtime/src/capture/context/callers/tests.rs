//! The gap to the nanosecond, and the bound.

use super::*;

const GAP: Duration = Duration::from_secs(1_800);

/// A table with a clock that the test sets.
struct Clock {
    sessions: CallerSessions,
    start: Instant,
}

impl Clock {
    fn new() -> Self {
        Self { sessions: CallerSessions::default(), start: Instant::now() }
    }

    /// The session of a request that comes at a time and ends at another, from the start.
    fn find(&self, who: u64, client: &str, came: Duration, ended: Duration) -> u64 {
        let who = (who, Some(Label::clean(client)));
        let key = self.sessions.find(who, (self.start + came, self.start + ended), GAP);
        assert_eq!((key.source, key.confidence), (SessionSource::Caller, Confidence::Low));
        key.value
    }

    fn at(&self, who: u64, client: &str, time: Duration) -> u64 {
        self.find(who, client, time, time)
    }
}

#[test]
fn a_request_after_exactly_the_gap_belongs_and_one_later_does_not() {
    let clock = Clock::new();
    let first = clock.at(1, "a", Duration::ZERO);
    assert_ne!(first, 0);
    assert_eq!(clock.at(1, "a", GAP), first);
    let late = GAP * 2 + Duration::from_nanos(1);
    let second = clock.at(1, "a", late);
    assert_ne!(second, first);
    assert_eq!(clock.at(1, "a", late + GAP), second);
}

#[test]
fn each_caller_and_each_of_its_clients_has_a_session_of_its_own() {
    let clock = Clock::new();
    let sessions = [(1, "a"), (1, "b"), (2, "a")].map(|(who, c)| clock.at(who, c, Duration::ZERO));
    let distinct: std::collections::HashSet<_> = sessions.iter().collect();
    assert_eq!(distinct.len(), 3);
    let unnamed = clock.sessions.find((1, None), (clock.start, clock.start), GAP).value;
    assert!(!sessions.contains(&unnamed));
    assert_eq!(clock.at(1, "a", GAP), sessions[0]);
}

#[test]
fn the_quiet_begins_when_a_request_ends() {
    let clock = Clock::new();
    let first = clock.find(1, "a", Duration::ZERO, GAP * 3);
    // One that came meanwhile and one that comes after belong; neither moves the end back.
    assert_eq!(clock.at(1, "a", GAP), first);
    assert_eq!(clock.at(1, "a", GAP * 4), first);
}

#[test]
fn callers_are_bounded_and_the_quietest_gives_way() {
    let clock = Clock::new();
    let millis = Duration::from_millis;
    let sessions: Vec<_> =
        (0..MAX_CALLERS as u64).map(|who| clock.at(who, "a", millis(who))).collect();
    let now = millis(MAX_CALLERS as u64);
    assert_eq!(clock.at(0, "a", now), sessions[0]);
    clock.at(u64::MAX, "a", now);
    assert_eq!(clock.sessions.seen.lock().unwrap().len(), MAX_CALLERS);
    assert_eq!(clock.at(0, "a", now), sessions[0], "it was heard again");
    assert_ne!(clock.at(1, "a", now), sessions[1], "it was the quietest");
    assert_eq!(clock.sessions.seen.lock().unwrap().len(), MAX_CALLERS);
}
