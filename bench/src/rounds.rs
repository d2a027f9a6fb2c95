//! Rounds that take turns, so that a slow moment of the machine meets every subject alike.

use std::time::Duration;

/// What the rounds of one subject cost, in nanoseconds per call.
pub struct Costs(Vec<f64>);

/// Lets every subject run once per round, in an order that moves on by one each round.
pub fn interleave<S>(subjects: &mut [S], rounds: usize, mut run: impl FnMut(&mut S) -> f64) -> Vec<Costs> {
    let mut costs: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::with_capacity(rounds)).collect();
    for round in 0..rounds {
        for turn in 0..subjects.len() {
            let subject = (round + turn) % subjects.len();
            costs[subject].push(run(&mut subjects[subject]));
        }
    }
    costs.into_iter().map(Costs).collect()
}

/// Nanoseconds per call.
pub fn per_call(cpu: Duration, calls: usize) -> f64 {
    cpu.as_nanos() as f64 / calls as f64
}

impl Costs {
    /// The median round.
    pub fn median(&self) -> f64 {
        median(self.0.clone())
    }

    /// The cheapest round.
    pub fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The median of the ratios `self / other`, round by round.
    pub fn over(&self, other: &Self) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(left, right)| left / right).collect())
    }

    /// The median of the differences `self - other`, round by round.
    pub fn above(&self, other: &Self) -> f64 {
        median(self.0.iter().zip(&other.0).map(|(left, right)| left - right).collect())
    }
}

/// The middle value.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
