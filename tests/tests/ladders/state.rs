//! What a collector may be like when a host ends its server.

use std::io;
use std::time::{Duration, Instant};

use toolwatch_tests::collector::{Collector, Evil, SelfSigned};

/// What the collector is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Up,
    Unavailable,
    TooManyRequests,
    Unauthorized,
    BlackHole,
    ResetMidBody,
    SlowDrip,
    SelfSigned,
    NoTls,
    NoSuchName,
    TenGibibytes,
}

pub(crate) const STATES: [State; 11] = [
    State::Up,
    State::Unavailable,
    State::TooManyRequests,
    State::Unauthorized,
    State::BlackHole,
    State::ResetMidBody,
    State::SlowDrip,
    State::SelfSigned,
    State::NoTls,
    State::NoSuchName,
    State::TenGibibytes,
];

impl State {
    fn evil(self) -> Option<Evil> {
        match self {
            Self::Up | Self::SelfSigned | Self::NoSuchName => None,
            Self::Unavailable => Some(Evil::Refuses("503 Service Unavailable")),
            Self::TooManyRequests => {
                Some(Evil::Refuses("429 Too Many Requests\r\nretry-after: 3600"))
            }
            Self::Unauthorized => Some(Evil::Refuses("401 Unauthorized")),
            Self::BlackHole => Some(Evil::BlackHole),
            Self::ResetMidBody => Some(Evil::ResetMidBody),
            Self::SlowDrip => Some(Evil::DripBody),
            Self::NoTls => Some(Evil::GarbageFirst),
            Self::TenGibibytes => Some(Evil::TenGibibytes),
        }
    }
}

/// A collector in some state, and the same one in better days.
pub(crate) struct Place {
    pub(crate) collector: Collector,
    tls: Option<SelfSigned>,
    /// Where the server is told to send to.
    pub(crate) endpoint: String,
}

impl Place {
    pub(crate) fn start(state: State) -> io::Result<Self> {
        let collector = Collector::start()?;
        collector.turn(state.evil());
        let tls = (state == State::SelfSigned).then(SelfSigned::start).transpose()?;
        let endpoint = match (state, &tls) {
            (_, Some(tls)) => tls.endpoint().to_owned(),
            (State::NoTls, _) => collector.endpoint().replacen("http", "https", 1),
            // A label of 64 characters, one more than the DNS has room for: the resolver of the C
            // library refuses it without asking anybody (RFC 1035, 2.3.4).
            (State::NoSuchName, _) => format!("http://{}.invalid", "x".repeat(64)),
            _ => collector.endpoint().to_owned(),
        };
        Ok(Self { collector, tls, endpoint })
    }

    /// Waits until the server has tried to send, as far as that can be seen from here.
    pub(crate) fn wait_for_contact(&self, state: State) -> bool {
        match (&self.tls, state) {
            (Some(tls), _) => {
                let deadline = Instant::now() + Duration::from_secs(30);
                while tls.contacts() == 0 && Instant::now() < deadline {
                    std::thread::sleep(Duration::from_millis(1));
                }
                tls.contacts() > 0
            }
            (None, State::NoSuchName) => {
                // Nobody sees it fail; 20 ms is when it tries.
                std::thread::sleep(Duration::from_millis(60));
                true
            }
            (None, _) => self.collector.wait_for_contact(),
        }
    }

    /// Bytes that the server told to one whose certificate nobody has signed.
    pub(crate) fn bytes_told(&self) -> usize {
        self.tls.as_ref().map_or(0, SelfSigned::bytes_told)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.collector.stop();
        if let Some(tls) = &self.tls {
            tls.stop();
        }
    }
}
