//! Every form of type that `Shape` is derived for.

#![deny(warnings)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::marker::PhantomData;

use serde::Deserialize;
use toolwatch::Shape;

#[derive(Deserialize, Shape)]
pub struct Unit;

#[derive(Deserialize, Shape)]
pub struct Empty {}

#[derive(Deserialize, Shape)]
pub struct Newtype<'a>(#[serde(borrow)] pub Cow<'a, str>);

#[derive(Deserialize, Shape)]
pub struct Number(pub u32);

#[derive(Deserialize, Shape)]
pub struct Tuple<T>(pub T, pub std::time::Duration);

#[derive(Deserialize, Shape)]
#[serde(transparent)]
pub struct Transparent<T, const N: usize> {
    pub inner: HashMap<String, T>,
    #[serde(skip)]
    pub marker: PhantomData<[(); N]>,
}

#[derive(Deserialize, Shape)]
#[serde(tag = "t", content = "c", rename_all = "camelCase", bound = "T: serde::de::DeserializeOwned")]
pub enum Choice<T>
where
    T: Clone,
{
    Nothing,
    One(T),
    Two(T, T),
    Named { text: Option<T> },
    #[serde(skip)]
    Gone(std::cell::Cell<u8>),
}

#[derive(Deserialize, Shape)]
pub enum Never {}

#[derive(Deserialize, Shape)]
#[shape(ceiling = omit)]
pub struct Omitted(pub String);

fn main() {
    Unit::shape();
    Empty::shape();
    Newtype::shape();
    Number::shape();
    Tuple::<u8>::shape();
    Transparent::<bool, 3>::shape();
    Choice::<String>::shape();
    Never::shape();
    Omitted::shape();
}
