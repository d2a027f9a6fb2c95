//! What the hash of a field leaves out: the parts whose own rule or type allows no hash.
//!
//! The hash of a short secret together with known neighbours would be a hash of the secret.

use std::ops::Range;

/// Ranges of the canonical form, in order and apart, noted while a field that is hashed is walked.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    ranges: Vec<Range<usize>>,
    /// How many fields that are hashed are open around the walk.
    open: u32,
}

impl Withheld {
    /// A field that is hashed begins.
    pub(super) fn enter(&mut self) {
        self.open += 1;
    }

    /// It ends.
    pub(super) fn leave(&mut self) {
        self.open = self.open.saturating_sub(1);
        if self.open == 0 {
            self.ranges.clear();
        }
    }

    /// Leaves a range out, and with it the ranges inside it.
    pub(super) fn add(&mut self, from: usize, until: usize) {
        if self.open > 0 {
            self.cut(from);
            self.ranges.push(from..until);
        }
    }

    /// Forgets what came after a mark, because the form was cut there.
    pub(super) fn cut(&mut self, mark: usize) {
        while self.ranges.last().is_some_and(|range| range.start >= mark) {
            self.ranges.pop();
        }
    }

    /// What is left of a form that starts at `start`.
    pub(super) fn around<'f>(
        &self,
        form: &'f [u8],
        start: usize,
    ) -> impl Iterator<Item = &'f [u8]> {
        let inside = self.ranges.iter().filter(move |range| range.start >= start);
        let starts = inside.clone().map(move |range| range.start - start);
        let ends = inside.map(move |range| range.end - start);
        std::iter::once(0)
            .chain(ends)
            .zip(starts.chain(std::iter::once(form.len())))
            .map(|(from, until)| form.get(from..until).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outer_ranges_replace_inner_ones_and_a_cut_forgets() {
        let mut withheld = Withheld::default();
        withheld.add(0, 9);
        withheld.enter();
        for (from, until) in [(12, 13), (11, 14), (16, 18)] {
            withheld.add(from, until);
        }
        withheld.cut(16);
        let pieces: Vec<_> = withheld.around(b"0123456789", 10).collect();
        assert_eq!(pieces.concat(), b"0456789");
        withheld.leave();
        assert_eq!(withheld.around(b"01", 0).count(), 1);
    }
}
