//! Rounds that take turns, so that a slow moment of the machine meets every subject alike.

use std::time::Duration;

/// What the rounds of one subject cost, in nanoseconds per call.
pub struct Costs(Vec<f64>);

/// Lets every subject run once per round, in an order that moves on by one each round.
pub fn interleave<S>(subjects: &mut [S], rounds: usize, mut run: impl FnMut(&mut S) -> f64) -> Vec<Costs> {
    let [costs] = interleave_all(subjects, rounds, |subject| [run(subject)]);
    costs
}

/// The same for rounds that measure several things at once.
pub fn interleave_all<S, const N: usize>(
    subjects: &mut [S],
    rounds: usize,
    mut run: impl FnMut(&mut S) -> [f64; N],
) -> [Vec<Costs>; N] {
    let mut costs = [(); N].map(|()| subjects.iter().map(|_| Costs(Vec::with_capacity(rounds))).collect::<Vec<_>>());
    for round in 0..rounds {
        for turn in 0..subjects.len() {
            let subject = (round + turn) % subjects.len();
            for (costs, cost) in costs.iter_mut().zip(run(&mut subjects[subject])) {
                costs[subject].0.push(cost);
            }
        }
    }
    costs
}

/// Nanoseconds per call.
pub fn per_call(cpu: Duration, calls: usize) -> f64 {
    cpu.as_nanos() as f64 / calls as f64
}

impl Costs {
    /// The round that a tenth of all rounds undercut.
    ///
    /// A neighbour on the same core makes rounds dearer and never cheaper, by up to a factor of two
    /// and for seconds; the median of a run then says more about the neighbour than about the
    /// subject. The minimum would be a single lucky round.
    pub fn quiet(&self) -> f64 {
        quantile(&self.0, 0.1)
    }

    /// The median round.
    pub fn median(&self) -> f64 {
        quantile(&self.0, 0.5)
    }
}

fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = (sorted.len() as f64 * share) as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}
