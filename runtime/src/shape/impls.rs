//! Shapes of the standard types.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroUsize,
};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::rules::{MayHash, MayLen, Single};
use super::{Form, Shape, TypeShape};

macro_rules! leaf {
    ($form:expr, $($ty:ty),* $(,)?) => {$(
        impl Shape for $ty {
            type Fields = Self;
            fn shape() -> TypeShape { TypeShape::new($form) }
            fn fields(&self) -> Option<&Self> { Some(self) }
        }
        impl MayHash for $ty {}
        impl Single for $ty {}
    )*};
}

macro_rules! has_length {
    ($($ty:ty),* $(,)?) => { $( impl MayLen for $ty {} )* };
}

leaf!(Form::Scalar, bool, (), u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32);
leaf!(Form::Scalar, f64, NonZeroU8, NonZeroU16, NonZeroU32, NonZeroU64, NonZeroUsize);
leaf!(Form::Scalar, NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroIsize);
leaf!(Form::Text, String, str, char, PathBuf, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr);
leaf!(Form::Any, Value, Map<String, Value>);
has_length!(String, str, char, PathBuf, IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr);
has_length!(Value, Map<String, Value>);

macro_rules! holder {
    ($([$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        impl<$($generics)*> Shape for $ty {
            type Fields = T::Fields;
            fn shape() -> TypeShape { T::shape() }
            fn fields(&self) -> Option<&T::Fields> { (**self).fields() }
        }
        impl<$($generics)* + MayLen> MayLen for $ty {}
        impl<$($generics)* + MayHash> MayHash for $ty {}
        impl<$($generics)* + Single> Single for $ty {}
    )*};
}

holder!([T: Shape + ?Sized] Box<T>, [T: Shape + ?Sized] Arc<T>, [T: Shape + ?Sized] Rc<T>);

impl<T: Shape + ToOwned + ?Sized> Shape for Cow<'_, T> {
    type Fields = T::Fields;

    fn shape() -> TypeShape {
        T::shape()
    }

    fn fields(&self) -> Option<&T::Fields> {
        (**self).fields()
    }
}
impl<T: MayLen + ToOwned + ?Sized> MayLen for Cow<'_, T> {}
impl<T: MayHash + ToOwned + ?Sized> MayHash for Cow<'_, T> {}

impl<T: Shape> Shape for Option<T> {
    type Fields = T::Fields;

    fn shape() -> TypeShape {
        T::shape()
    }

    fn fields(&self) -> Option<&T::Fields> {
        self.as_ref().and_then(T::fields)
    }
}
impl<T: MayLen> MayLen for Option<T> {}
impl<T: MayHash> MayHash for Option<T> {}
impl<T: Single> Single for Option<T> {}

macro_rules! list {
    ($([$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        impl<$($generics)*> Shape for $ty {
            type Fields = T::Fields;
            fn shape() -> TypeShape {
                TypeShape { ceiling: T::shape().ceiling.max(super::Level::Len), form: Form::List(T::shape) }
            }
            fn fields(&self) -> Option<&T::Fields> { None }
        }
        impl<$($generics)*> MayLen for $ty {}
        impl<$($generics)* + MayHash> MayHash for $ty {}
    )*};
}

list!([T: Shape] Vec<T>, [T: Shape] [T], [T: Shape] VecDeque<T>, [T: Shape] BTreeSet<T>);

impl<T: Shape, const N: usize> Shape for [T; N] {
    type Fields = T::Fields;

    fn shape() -> TypeShape {
        <[T]>::shape()
    }

    fn fields(&self) -> Option<&T::Fields> {
        None
    }
}
impl<T: Shape, const N: usize> MayLen for [T; N] {}
impl<T: Shape + MayHash, const N: usize> MayHash for [T; N] {}

impl<T: Shape, S: BuildHasher> Shape for HashSet<T, S> {
    type Fields = T::Fields;

    fn shape() -> TypeShape {
        <[T]>::shape()
    }

    fn fields(&self) -> Option<&T::Fields> {
        None
    }
}
impl<T: Shape, S: BuildHasher> MayLen for HashSet<T, S> {}
impl<T: Shape + MayHash, S: BuildHasher> MayHash for HashSet<T, S> {}

macro_rules! map {
    ($([$($generics:tt)*] $ty:ty),* $(,)?) => {$(
        impl<$($generics)*> Shape for $ty {
            type Fields = T::Fields;
            fn shape() -> TypeShape {
                TypeShape { ceiling: T::shape().ceiling.max(super::Level::Len), form: Form::Map(T::shape) }
            }
            fn fields(&self) -> Option<&T::Fields> { None }
        }
        impl<$($generics)*> MayLen for $ty {}
    )*};
}

map!([K, T: Shape] BTreeMap<K, T>, [K, T: Shape, S: BuildHasher] HashMap<K, T, S>);
impl<K, T: Shape + MayHash> MayHash for BTreeMap<K, T> {}
impl<K, T: Shape + MayHash, S: BuildHasher> MayHash for HashMap<K, T, S> {}
