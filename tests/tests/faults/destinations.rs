//! Destinations of the author's that panic, block, or answer nonsense.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use toolwatch::QuotaStatus;
use toolwatch::destination::{Ack, Batch, Destination, Quota, SendError};

use crate::here::{Here, PATIENCE};
use crate::row::Fault;

/// Where the panic of a destination is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Name,
    Send,
    Drop,
}

/// A destination that does as a closure says, and panics in one place while the fault is there.
struct Odd<F> {
    fault: Arc<Fault>,
    at: Option<At>,
    answer: F,
    taken: Arc<AtomicU64>,
}

impl<F> Odd<F> {
    fn strike(&self, at: At) {
        if self.at == Some(at) {
            self.fault.strike();
        }
    }
}

impl<F: FnMut(&Batch<'_>) -> Result<Ack, SendError> + Send> Destination for Odd<F> {
    fn name(&self) -> &str {
        self.strike(At::Name);
        "odd"
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        self.strike(At::Send);
        let ack = (self.answer)(batch)?;
        self.taken.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(ack)
    }
}

impl<F> Drop for Odd<F> {
    fn drop(&mut self) {
        self.strike(At::Drop);
    }
}

/// A server with such a destination, and how many events that took.
async fn start(
    name: &'static str,
    at: Option<At>,
    begins: bool,
    answer: impl FnMut(&Batch<'_>) -> Result<Ack, SendError> + Send + 'static,
) -> (Here, Arc<AtomicU64>) {
    let taken = Arc::<AtomicU64>::default();
    let counted = Arc::clone(&taken);
    let here = Here::start_with(name, |builder, fault, _| {
        if begins {
            fault.begin();
        }
        builder.destination(Odd { fault, at, answer, taken: counted })
    });
    (here.await, taken)
}

fn all(_: &Batch<'_>) -> Result<Ack, SendError> {
    Ok(Ack::all())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_destination_panics_in_send() {
    let (mut here, taken) = start("Destination::send panics", Some(At::Send), false, all).await;
    here.suffer_until(|now| now.get("panics") > 0).await;
    let numbers = here.check().await;
    assert_eq!(numbers.get("delivered"), here.session.calls as u64);
    assert_eq!(taken.load(Ordering::Relaxed), here.session.calls as u64);
    assert_eq!(numbers.get("panics"), numbers.get("retries"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_destination_panics_in_name() {
    let (mut here, taken) = start("Destination::name panics", Some(At::Name), true, all).await;
    here.rounds(2).await;
    let numbers = here.check().await;
    assert_eq!((numbers.get("panics"), numbers.get("delivered")), (1, here.session.calls as u64));
    assert_eq!(taken.load(Ordering::Relaxed), here.session.calls as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_destination_panics_in_drop() {
    let (mut here, taken) = start("Destination's drop panics", Some(At::Drop), true, all).await;
    here.rounds(1).await;
    here.watch.shutdown(PATIENCE);
    here.rounds(1).await;
    // The thread lets the destination go after it has told its end.
    let deadline = Instant::now() + PATIENCE;
    while here.numbers().get("panics") == 0 {
        assert!(Instant::now() < deadline, "the panic is counted");
        std::thread::sleep(Duration::from_millis(5));
    }
    let numbers = here.check_now().await;
    assert_eq!((numbers.get("delivered"), numbers.get("spooled")), (8, 8));
    assert_eq!(taken.load(Ordering::Relaxed), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_destination_blocks_for_ever() {
    let (release, held) = std::sync::mpsc::sync_channel::<()>(0);
    let held = Mutex::new(held);
    let block = move |_: &Batch<'_>| {
        // Until the test has ended.
        let _ = held.lock().map(|held| held.recv());
        Err(SendError::timeout())
    };
    let (mut here, _) = start("the destination blocks for ever", None, false, block).await;
    here.rounds(3).await;
    let before = Instant::now();
    here.watch.flush(Duration::from_millis(100));
    here.watch.shutdown(Duration::from_millis(100));
    assert!(before.elapsed() < PATIENCE, "{:?}", before.elapsed());
    here.rounds(1).await;
    let numbers = here.check_now().await;
    assert_eq!(numbers.get("captured"), here.session.calls as u64);
    assert_eq!(numbers.get("spooled"), here.session.calls as u64, "the next process sends them");
    drop(release);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_destination_rejects_more_than_it_got() {
    let nonsense = |_: &Batch<'_>| Ok(Ack::all().with_rejected(u64::MAX));
    let (mut here, _) = start("it rejects more than it got", None, false, nonsense).await;
    here.rounds(2).await;
    let numbers = here.check().await;
    assert_eq!(numbers.get("dropped.rejected"), here.session.calls as u64);
    assert_eq!(numbers.get("delivered"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_destination_answers_nonsense() {
    let mut turn = 0_u16;
    let nonsense = move |_: &Batch<'_>| {
        turn += 1;
        match turn {
            1 => Err(SendError::status(0)),
            2 => Err(SendError::status(65_535)),
            3 => Err(SendError::status(200).with_retry_after(Duration::ZERO)),
            _ => Ok(Ack::all().with_quota(Quota::new(QuotaStatus::Ok))),
        }
    };
    let (mut here, taken) = start("statuses that are none", None, false, nonsense).await;
    here.rounds(2).await;
    // Each of the three is waited for below 2 s.
    let deadline = Instant::now() + PATIENCE;
    while here.watch.flush(Duration::from_secs(1)).spooled > 0 && Instant::now() < deadline {}
    let numbers = here.check().await;
    assert_eq!(numbers.get("delivered"), here.session.calls as u64);
    assert_eq!(taken.load(Ordering::Relaxed), here.session.calls as u64);
    assert_eq!(numbers.get("retries"), 3);
}
