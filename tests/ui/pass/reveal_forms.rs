//! Enums that `Reveal` is derived for, beside other derives.

#![deny(warnings)]

use toolwatch::{Reveal, Shape};

#[derive(Clone, Copy, Debug, serde::Deserialize, serde::Serialize, Shape, Reveal)]
#[serde(rename_all = "SCREAMING-KEBAB-CASE")]
pub enum Order {
    NewestFirst,
    #[serde(rename(deserialize = "old", serialize = "OLD"), alias = "older")]
    OldestFirst,
    #[serde(other)]
    r#Other,
}

#[derive(Reveal)]
#[shape(crate = ::toolwatch)]
pub enum Plain {
    A = 3,
    B,
}

#[derive(Reveal)]
pub enum Never {}

fn main() {
    let _ = (Order::NewestFirst.reveal(), Order::OldestFirst.reveal(), Order::Other.reveal());
    let _ = (Plain::A.reveal(), Plain::B.reveal(), Never::REASON);
}
