//! How many of something there are.

/// A number of things: hits, items, retries, bytes.
///
/// It may leave the process because it counts and does not name. A number that stands for someone or
/// something, such as an id, a card or a phone number, is no count, and neither is an amount of money
/// or a coordinate. For those there is no type here: implement [`Reveal`](crate::Reveal) on one of your
/// own and give the reason.
///
/// ```
/// use toolwatch::{Count, Exposed, Reveal};
/// assert_eq!(Count::from(["a", "b"].len()).reveal(), Some(Exposed::int(2)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(pub u64);

impl From<u64> for Count {
    fn from(number: u64) -> Self {
        Self(number)
    }
}

impl From<u32> for Count {
    fn from(number: u32) -> Self {
        Self(number.into())
    }
}

impl From<usize> for Count {
    fn from(number: usize) -> Self {
        Self(u64::try_from(number).unwrap_or(u64::MAX))
    }
}
