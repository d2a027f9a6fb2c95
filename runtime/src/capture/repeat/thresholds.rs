//! From when on calls that repeat themselves are a loop.

/// From when on a session counts as being in a loop.
///
/// Each threshold is a number of calls of one session, and is passed by the call that reaches it.
/// A threshold of 0 is off. An event counts as part of a loop
/// ([`Record::is_loop`](crate::local::Record::is_loop)) when its call passes any of them. The
/// counts are recorded whatever the thresholds are.
///
/// ```
/// use toolwatch::LoopThresholds;
/// // A server whose tools are polled: the same call again is no loop before the 20th.
/// let thresholds = LoopThresholds::default().with_repeat_run(20).with_ping_pong(0);
/// assert_eq!((thresholds.repeat_run, thresholds.error_run, thresholds.ping_pong), (20, 3, 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct LoopThresholds {
    /// Calls in a row of one tool with the same arguments. 3 by default; 0 is off, else at least 2.
    pub repeat_run: u32,
    /// Failures in a row of one tool with the same error, while its arguments vary. 3 by default;
    /// 0 is off, else at least 2.
    pub error_run: u32,
    /// Calls in a row that alternate between two calls. 6 by default; 0 is off, else at least 4,
    /// the shortest alternation that is recorded.
    pub ping_pong: u32,
}

impl Default for LoopThresholds {
    fn default() -> Self {
        Self { repeat_run: 3, error_run: 3, ping_pong: 6 }
    }
}

impl LoopThresholds {
    /// The same with another [`repeat_run`](Self::repeat_run).
    #[must_use]
    pub const fn with_repeat_run(mut self, calls: u32) -> Self {
        self.repeat_run = calls;
        self
    }

    /// The same with another [`error_run`](Self::error_run).
    #[must_use]
    pub const fn with_error_run(mut self, calls: u32) -> Self {
        self.error_run = calls;
        self
    }

    /// The same with another [`ping_pong`](Self::ping_pong).
    #[must_use]
    pub const fn with_ping_pong(mut self, calls: u32) -> Self {
        self.ping_pong = calls;
        self
    }

    /// What is wrong with them. Every first call, or first failure, has a run of 1, and no
    /// alternation shorter than 4 is recorded.
    pub(crate) const fn fault(self) -> Option<&'static str> {
        if self.repeat_run == 1 {
            return Some("loop_thresholds: repeat_run must be 0 (off) or at least 2");
        }
        if self.error_run == 1 {
            return Some("loop_thresholds: error_run must be 0 (off) or at least 2");
        }
        if matches!(self.ping_pong, 1..4) {
            return Some("loop_thresholds: ping_pong must be 0 (off) or at least 4");
        }
        None
    }

    /// Whether a call with these counts passes a threshold.
    pub(super) const fn is_loop(self, repeat_run: u32, error_run: u32, ping_pong: u32) -> bool {
        passes(repeat_run, self.repeat_run)
            || passes(error_run, self.error_run)
            || passes(ping_pong, self.ping_pong)
    }
}

const fn passes(count: u32, threshold: u32) -> bool {
    threshold > 0 && count >= threshold
}
