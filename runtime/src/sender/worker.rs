//! The sender's work, one step at a time: look after the spool, send a batch, settle it.
//!
//! A step neither waits nor reads any clock but the injected one, so that tests can drive it.

use std::sync::Arc;
use std::time::Duration;

use super::config::{OnError, OnQuota};
use super::contract::{Ack, Batch, Destination, Quota, QuotaStatus, SendError};
use super::retry::{self, RetryDecision};
use super::schedule::{self, Cadence, Decision, View};
use super::standing::Standing;
use crate::Error;
use crate::contain::contain;
use crate::spool::{Claim, Clock, DropReason, Limits, Signal, Spool, Verdict};

/// How often written events are made durable: the group that a power loss can take.
const SYNC_INTERVAL: Duration = Duration::from_secs(5);
/// After so many failures in a row the operator is told: some seconds, which no restart takes.
const TELL_AFTER: u32 = 5;
/// How often orphans are looked for.
const ADOPT_INTERVAL: Duration = Duration::from_secs(30);
/// A segment of this age is sealed, so that an idle server's delivered events leave the disk.
const SEAL_AFTER: Duration = Duration::from_secs(10 * 60);
/// How long a hard limit without a reset pauses sending, and the most that one with a reset does.
const HARD_LIMIT_PAUSE: (Duration, Duration) =
    (Duration::from_secs(5 * 60), Duration::from_secs(60 * 60));

/// What the thread does after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The next step, at once.
    Again,
    /// Waits so long; a full batch ends the wait if the flag says so.
    Wait(Duration, bool),
}

/// The sender.
pub(super) struct Worker {
    pub(super) spool: Arc<Spool>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) destination: Box<dyn Destination>,
    pub(super) limits: Limits,
    pub(super) cadence: Cadence,
    pub(super) quota: Arc<Standing>,
    pub(super) on_quota: Option<OnQuota>,
    pub(super) on_error: Option<OnError>,
    pub(super) random: Box<dyn FnMut() -> f64 + Send>,
    pub(super) progress: Progress,
}

/// Where the sender is in its work.
#[derive(Default)]
pub(super) struct Progress {
    claim: Option<Claim>,
    /// Events of the next batch at most, after a split; grows back.
    ceiling: Option<usize>,
    attempt: u32,
    retry_at: Option<Duration>,
    /// Whether a flush may go ahead of `retry_at`.
    may_hurry: bool,
    drained_at: Duration,
    /// Events that are due since the last interval ended; later ones wait for company again.
    burst: u64,
    /// The last flush that needs nothing more.
    flushes_done: u64,
    /// The last flush for which an attempt was made.
    flushes_tried: u64,
    paused: bool,
    /// Whether the operator knows that events are rejected, until some are taken again.
    refused: bool,
    adopted_turn: bool,
    next_sync: Duration,
    next_adopt: Duration,
    /// Whether more orphans were there than could be taken at once.
    more_orphans: bool,
}

impl Worker {
    /// Does one thing, and says when to come again.
    pub(super) fn step(&mut self, signal: Signal) -> Next {
        if signal.leaving && !self.destination.is_ready() && self.spool.directory().is_some() {
            // The next process sends them; there is no time to set anything up.
            self.progress.flushes_done = signal.flushes;
            return Next::Wait(SYNC_INTERVAL, false);
        }
        let now = self.clock.now();
        self.look_after_spool(now);
        let stats = self.spool.stats();
        let waiting = stats.own().spooled() + stats.adopted().spooled();
        let progress = &mut self.progress;
        if stats.own().spooled() == 0 {
            progress.flushes_done = signal.flushes;
        }
        let flushing = signal.flushes > progress.flushes_done;
        let may_hurry = progress.may_hurry && signal.flushes > progress.flushes_tried;
        let view = View {
            now,
            waiting,
            drained_at: progress.drained_at,
            retry_at: progress.retry_at,
            may_hurry,
            flushing,
        };
        let decision = schedule::decide(view, self.cadence);
        progress.flushes_tried = signal.flushes;
        match decision {
            Decision::Send => {
                progress.burst = if progress.burst == 0 { waiting } else { progress.burst };
                self.send(now, flushing)
            }
            Decision::Wait { time, wake_when_full } => {
                progress.burst = 0;
                Next::Wait(time.min(SYNC_INTERVAL), wake_when_full)
            }
        }
    }

    fn look_after_spool(&mut self, now: Duration) {
        let sent_all = || self.spool.stats().adopted().spooled() == 0;
        if now >= self.progress.next_adopt || (self.progress.more_orphans && sent_all()) {
            self.progress.more_orphans = self.spool.adopt_orphans();
            self.progress.next_adopt = now + ADOPT_INTERVAL;
        }
        if now >= self.progress.next_sync {
            self.spool.forget_removed_begun();
            self.spool.sync(SEAL_AFTER);
            self.progress.next_sync = now + SYNC_INTERVAL;
        }
    }

    fn send(&mut self, now: Duration, flushing: bool) -> Next {
        let Some(claim) = self.next_claim(flushing) else {
            // A segment could not be read, or was evicted: it is counted, so look again soon.
            self.progress.burst = 0;
            return Next::Wait(Duration::from_millis(10), false);
        };
        if claim.len() == 0 {
            self.settle(claim, 0, Verdict::Dropped(DropReason::Damaged));
            return self.after_success(now, 0);
        }
        let count = claim.len().min(self.progress.ceiling.unwrap_or(usize::MAX));
        let stats = self.spool.stats();
        let batch = Batch::new(&claim, count, &stats);
        let sent = contain(|| self.destination.send(&batch)).unwrap_or_else(|| {
            self.spool.count(|stats| stats.panics += 1);
            Err(SendError::panic())
        });
        match sent {
            Ok(ack) => {
                self.settle(claim, count, Verdict::Delivered { rejected: ack.rejected() });
                self.spool.count(|stats| stats.batches += 1);
                self.progress.paused = false;
                self.progress.refused = false;
                let next = self.after_success(now, count);
                self.heed_quota(&ack);
                next
            }
            Err(error) => self.after_failure(claim, count, &error),
        }
    }

    fn next_claim(&mut self, flushing: bool) -> Option<Claim> {
        if let Some(claim) = self.progress.claim.take() {
            return Some(claim);
        }
        // Turns, so that neither a backlog of the dead nor a busy server starves the other; but who
        // waits for a flush waits for the process's own events.
        self.progress.adopted_turn = !self.progress.adopted_turn && !flushing;
        self.spool.claim(self.limits, self.progress.adopted_turn)
    }

    fn settle(&mut self, mut claim: Claim, count: usize, verdict: Verdict) {
        self.spool.settle(&mut claim, count, verdict);
        self.progress.claim = (claim.len() > 0).then_some(claim);
    }

    fn after_success(&mut self, now: Duration, events: usize) -> Next {
        let progress = &mut self.progress;
        (progress.attempt, progress.retry_at) = (0, None);
        progress.ceiling = progress
            .ceiling
            .map(|ceiling| ceiling.saturating_mul(2))
            .filter(|&ceiling| ceiling < self.limits.max_events);
        progress.burst = progress.burst.saturating_sub(events as u64);
        if progress.burst == 0 {
            progress.drained_at = now;
        }
        Next::Again
    }

    fn after_failure(&mut self, claim: Claim, count: usize, error: &SendError) -> Next {
        let attempt = self.progress.attempt.saturating_add(1);
        let decision = retry::decide(error, count, attempt, (self.random)());
        error.quota().into_iter().for_each(|quota| self.note_quota(quota));
        self.guard(|| tracing::debug!(%error, attempt, ?decision, "a batch was not taken"));
        let now = self.clock.now();
        match decision {
            RetryDecision::Split => {
                self.progress.ceiling = Some((count / 2).max(1));
                self.progress.claim = Some(claim);
                return Next::Again;
            }
            RetryDecision::Quarantine => {
                claim
                    .payloads(1)
                    .for_each(|payload| self.spool.quarantine(payload, claim.common()));
                self.settle(claim, 1, Verdict::Dropped(DropReason::Poison));
                return self.after_success(now, 1);
            }
            RetryDecision::Drop(reason) => {
                let status = error.http_status().or_else(|| error.grpc_status());
                self.spool.count_status(status.unwrap_or_default(), count as u64);
                if error.is_rejected() && !std::mem::replace(&mut self.progress.refused, true) {
                    self.report(&Error::delivery(
                        "the destination rejects events for good; they are dropped and counted",
                        error.clone(),
                    ));
                }
                self.settle(claim, count, Verdict::Dropped(reason));
                return self.after_success(now, count);
            }
            RetryDecision::RetryAfter { wait, asked } => {
                self.retry_at(now + wait, !asked);
                if attempt == TELL_AFTER {
                    self.report(&Error::delivery(
                        "the destination does not take events; they stay in the spool",
                        error.clone(),
                    ));
                }
            }
            RetryDecision::Pause(wait) => {
                self.retry_at(now + wait, false);
                if !std::mem::replace(&mut self.progress.paused, true) {
                    self.report(&Error::delivery(
                        "the destination refuses events; they stay in the spool",
                        error.clone(),
                    ));
                }
            }
        }
        self.spool.count(|stats| stats.retries += 1);
        self.progress.attempt = attempt;
        self.progress.claim = Some(claim);
        Next::Again
    }

    fn retry_at(&mut self, at: Duration, may_hurry: bool) {
        self.progress.retry_at = Some(at);
        self.progress.may_hurry = may_hurry;
    }

    fn heed_quota(&mut self, ack: &Ack) {
        let Some(quota) = ack.quota() else { return };
        if quota.status() == QuotaStatus::HardLimit {
            // A reset that is over, as on a machine whose clock is ahead, says nothing.
            let left = quota.reset().and_then(|reset| reset.duration_since(self.clock.wall()).ok());
            let left = left.filter(|left| !left.is_zero());
            let pause = left.unwrap_or(HARD_LIMIT_PAUSE.0).min(HARD_LIMIT_PAUSE.1);
            self.retry_at(self.clock.now() + pause, false);
        }
        self.note_quota(quota);
    }

    /// A refusal says by itself how long to wait, so that nothing more is done with its quota.
    fn note_quota(&self, quota: &Quota) {
        let changed = self.quota.replace(quota.clone(), self.clock.wall()) != quota.status();
        if let Some(callback) = self.on_quota.clone().filter(|_| changed && !quota.status().is_ok())
        {
            self.guard(|| callback(quota));
        }
    }

    pub(super) fn report(&self, error: &Error) {
        self.guard(|| tracing::warn!(%error, "delivery needs attention"));
        if let Some(callback) = &self.on_error {
            self.guard(|| callback(error));
        }
    }

    /// Runs a callback of the author's, or who listens to `tracing`; its panic is counted and goes no
    /// further: it would take the batch along, which then nobody would send or settle.
    fn guard(&self, foreign: impl FnOnce()) {
        if contain(foreign).is_none() {
            self.spool.count(|stats| stats.panics += 1);
        }
    }

    /// Tells those who wait how far the work is.
    pub(super) fn publish(&self, signal: &mut Signal) {
        signal.flushes_done = self.progress.flushes_done;
        signal.flushes_tried = self.progress.flushes_tried;
        signal.blocked_until = self.progress.retry_at;
    }

    /// Events that make a full batch.
    pub(super) const fn full_batch(&self) -> u64 {
        self.cadence.max_batch_size
    }
}
