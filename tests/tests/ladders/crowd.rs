//! Many rounds at once, few of them at work.

use std::sync::{Condvar, Mutex, PoisonError};

/// How many rounds may be at work at once; the others wait for the steps of their ladders.
pub(crate) struct Permits {
    left: Mutex<usize>,
    returned: Condvar,
}

impl Permits {
    pub(crate) fn new(count: usize) -> Self {
        Self { left: Mutex::new(count), returned: Condvar::new() }
    }

    /// Works under a permit.
    pub(crate) fn hold<T>(&self, work: impl FnOnce() -> T) -> T {
        let left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = self.returned.wait_while(left, |left| *left == 0);
        *left.unwrap_or_else(PoisonError::into_inner) -= 1;
        let done = work();
        *self.left.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.returned.notify_one();
        done
    }
}

/// Does all jobs on so many threads, in their order.
pub(crate) fn each<J: Send, T: Send>(
    jobs: Vec<J>,
    threads: usize,
    work: impl Fn(J) -> T + Sync,
) -> Vec<T> {
    let (jobs, done) = (Mutex::new(jobs.into_iter()), Mutex::new(Vec::new()));
    let next = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(job) = next() {
                    let made = work(job);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push(made);
                }
            });
        }
    });
    done.into_inner().unwrap_or_else(PoisonError::into_inner)
}
