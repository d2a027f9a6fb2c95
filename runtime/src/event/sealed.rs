//! The rule that an event cannot hold user text, held by the compiler.
//!
//! Every struct of the event is declared through [`sealed_struct`], which demands [`Closed`] of
//! each field. Text types do not implement it: a new `String` field does not compile.

/// A type that cannot hold text chosen by a caller, or only through a sanitising constructor.
pub(crate) trait Closed {}

macro_rules! closed {
    ($($ty:ty),* $(,)?) => { $( impl $crate::event::sealed::Closed for $ty {} )* };
}

closed!(bool, u8, u16, u32, u64, i32, i64, f64, &'static str);
closed!([u8; 8], [u8; 16], [u32; 2], [u32; 3], [u32; 5]);
closed!(&'static [(&'static str, &'static str)]);

impl<T: Closed> Closed for Option<T> {}
impl<T: Closed> Closed for Vec<T> {}
impl<T: Closed> Closed for Box<T> {}

macro_rules! sealed_struct {
    ($(#[$attr:meta])* $vis:vis struct $name:ident { $( $(#[$field_attr:meta])* $field:ident : $ty:ty, )* }) => {
        $(#[$attr])*
        $vis struct $name { $( $(#[$field_attr])* pub(crate) $field: $ty, )* }

        impl $crate::event::sealed::Closed for $name {}

        const _: () = {
            const fn closed<T: $crate::event::sealed::Closed>() {}
            $( closed::<$ty>(); )*
        };
    };
}

pub(crate) use {closed, sealed_struct};
