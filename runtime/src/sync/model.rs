//! The primitives of the standard library or, on a thread that runs a model, those of shuttle.
//!
//! Shuttle runs all threads of a model on one thread of the system, one at a time, and chooses at
//! each use of a primitive which goes on. It knows no time, so that the model has its own: see
//! [`Timeouts`]. It holds atomics to be sequentially consistent.

use std::cell::Cell;
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering;
use std::sync::{LockResult, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use shuttle::rand::Rng;

/// What a wait with a timeout does in a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeouts {
    /// It ends when somebody tells it to, and never by itself: a notification left out is a deadlock.
    Never,
    /// It ends after any part of its time, told or not, as a loaded machine may let it.
    Any,
}

/// A fault of the primitives that a test plants, to see that it is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// None.
    Nothing,
    /// No waiter is ever told anything.
    LostNotifications,
}

/// A wait in a model lasts no longer, so that waits without end do not move its time out of reach.
const LONGEST: Duration = Duration::from_secs(60);

/// How the present thread's model behaves.
#[derive(Clone, Copy)]
struct Model {
    timeouts: Timeouts,
    plant: Plant,
}

thread_local! {
    static MODEL: Cell<Option<Model>> = const { Cell::new(None) };
    static ELAPSED: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

/// Runs `body` so that every primitive made within it belongs to a model.
pub(crate) fn run(timeouts: Timeouts, plant: Plant, body: impl FnOnce()) {
    struct End;
    impl Drop for End {
        fn drop(&mut self) {
            MODEL.set(None);
        }
    }
    MODEL.set(Some(Model { timeouts, plant }));
    let _end = End;
    body();
}

/// Sets the time of the model back to its beginning.
pub(crate) fn restart() {
    ELAPSED.set(Duration::ZERO);
}

/// The time of the model.
pub(crate) fn elapsed() -> Duration {
    ELAPSED.get()
}

/// The moment that bounded waits are measured from.
pub(crate) fn now() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    match MODEL.get() {
        Some(_) => *START.get_or_init(Instant::now) + elapsed(),
        None => Instant::now(),
    }
}

/// Starts a thread that nobody joins.
pub(crate) fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let name = name.to_owned();
    match MODEL.get() {
        Some(_) => shuttle::thread::Builder::new().name(name).spawn(run).map(drop),
        None => std::thread::Builder::new().name(name).spawn(run).map(drop),
    }
}

/// Which thread this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ThreadId {
    System(std::thread::ThreadId),
    Model(shuttle::thread::ThreadId),
}

pub(crate) fn thread_id() -> ThreadId {
    match MODEL.get() {
        Some(_) => ThreadId::Model(shuttle::thread::current().id()),
        None => ThreadId::System(std::thread::current().id()),
    }
}

/// A lock.
pub(crate) enum Mutex<T> {
    System(std::sync::Mutex<T>),
    Model(shuttle::sync::Mutex<T>),
}

/// A lock that is held.
pub(crate) enum MutexGuard<'a, T> {
    System(std::sync::MutexGuard<'a, T>),
    /// The guard, and the lock to take again.
    Model(shuttle::sync::MutexGuard<'a, T>, &'a shuttle::sync::Mutex<T>),
}

impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        match MODEL.get() {
            Some(_) => Self::Model(shuttle::sync::Mutex::new(value)),
            None => Self::System(std::sync::Mutex::new(value)),
        }
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        match self {
            Self::System(mutex) => map(mutex.lock(), MutexGuard::System),
            Self::Model(mutex) => map(mutex.lock(), |guard| MutexGuard::Model(guard, mutex)),
        }
    }

    /// The lock if nobody holds it. Whether somebody has panicked under it is not told.
    pub(crate) fn try_lock(&self) -> Result<MutexGuard<'_, T>, ()> {
        match self {
            Self::System(mutex) => mutex.try_lock().map(MutexGuard::System).map_err(drop),
            Self::Model(mutex) => {
                mutex.try_lock().map(|guard| MutexGuard::Model(guard, mutex)).map_err(drop)
            }
        }
    }

    pub(crate) fn get_mut(&mut self) -> LockResult<&mut T> {
        match self {
            Self::System(mutex) => mutex.get_mut(),
            Self::Model(mutex) => mutex.get_mut(),
        }
    }
}

fn map<T, U>(result: LockResult<T>, with: impl Fn(T) -> U) -> LockResult<U> {
    match result {
        Ok(guard) => Ok(with(guard)),
        Err(poisoned) => Err(PoisonError::new(with(poisoned.into_inner()))),
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self {
            Self::System(guard) => guard,
            Self::Model(guard, _) => guard,
        }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        match self {
            Self::System(guard) => guard,
            Self::Model(guard, _) => guard,
        }
    }
}

/// A condition variable. A model's must be used with a model's lock.
pub(crate) enum Condvar {
    System(std::sync::Condvar),
    Model(shuttle::sync::Condvar),
}

impl Condvar {
    pub(crate) fn new() -> Self {
        match MODEL.get() {
            Some(_) => Self::Model(shuttle::sync::Condvar::new()),
            None => Self::System(std::sync::Condvar::new()),
        }
    }

    pub(crate) fn notify_all(&self) {
        match self {
            Self::System(condvar) => condvar.notify_all(),
            Self::Model(_) if plant() == Plant::LostNotifications => shuttle::thread::yield_now(),
            Self::Model(condvar) => condvar.notify_all(),
        }
    }

    /// Waits, at most so long, and returns the lock and whether the time is over.
    pub(crate) fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        timeout: Duration,
    ) -> LockResult<(MutexGuard<'a, T>, bool)> {
        match (self, guard) {
            (Self::System(condvar), MutexGuard::System(guard)) => {
                map(condvar.wait_timeout(guard, timeout), |(guard, timed_out)| {
                    (MutexGuard::System(guard), timed_out.timed_out())
                })
            }
            (Self::Model(condvar), MutexGuard::Model(guard, lock)) => match timeouts() {
                Timeouts::Never => {
                    map(condvar.wait(guard), |guard| (MutexGuard::Model(guard, lock), false))
                }
                Timeouts::Any => {
                    drop(guard);
                    shuttle::thread::yield_now();
                    let percent = shuttle::rand::thread_rng().gen_range(0..=100);
                    ELAPSED.set(elapsed() + timeout.min(LONGEST) / 100 * percent);
                    map(lock.lock(), |guard| (MutexGuard::Model(guard, lock), percent == 100))
                }
            },
            _ => panic!("a lock of the model with a condition variable of the system"),
        }
    }
}

fn plant() -> Plant {
    MODEL.get().map_or(Plant::Nothing, |model| model.plant)
}

fn timeouts() -> Timeouts {
    MODEL.get().map_or(Timeouts::Never, |model| model.timeouts)
}

/// A number.
pub(crate) enum AtomicU64 {
    System(std::sync::atomic::AtomicU64),
    Model(shuttle::sync::atomic::AtomicU64),
}

impl AtomicU64 {
    pub(crate) fn new(value: u64) -> Self {
        match MODEL.get() {
            Some(_) => Self::Model(shuttle::sync::atomic::AtomicU64::new(value)),
            None => Self::System(std::sync::atomic::AtomicU64::new(value)),
        }
    }

    pub(crate) fn load(&self, order: Ordering) -> u64 {
        match self {
            Self::System(number) => number.load(order),
            Self::Model(number) => number.load(order),
        }
    }

    pub(crate) fn store(&self, value: u64, order: Ordering) {
        match self {
            Self::System(number) => number.store(value, order),
            Self::Model(number) => number.store(value, order),
        }
    }

    pub(crate) fn swap(&self, value: u64, order: Ordering) -> u64 {
        match self {
            Self::System(number) => number.swap(value, order),
            Self::Model(number) => number.swap(value, order),
        }
    }
}
