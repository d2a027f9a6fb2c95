//! What a type can do, asked where the type is known.
//!
//! The attribute does not know the author's types, rustc does. Each probe is one trait implemented
//! for several depths of reference; method resolution takes the first depth whose bounds hold. In
//! generic code a bound that is not in scope counts as not held.

use std::error::Error;
use std::fmt::Display;
use std::marker::PhantomData;

use super::Blame;
use crate::capture::failure::Fault;
use crate::capture::losses::{self, Loss};
use crate::event::Side;
use crate::shape::{Reveal, Shape, TypeShape};

/// Asks whether `P` derives [`Shape`]: `(&ShapeOf::<P>::new()).shape()`.
pub struct ShapeOf<P: ?Sized>(PhantomData<fn(&P)>);

impl<P: ?Sized> ShapeOf<P> {
    /// Asks about `P`.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "only the expansion makes one")]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

/// The answer of [`ShapeOf`].
pub trait ShapeProbe {
    /// The shape function, when there is one.
    fn shape(&self) -> Option<fn() -> TypeShape>;
}

impl<P: Shape + ?Sized> ShapeProbe for ShapeOf<P> {
    fn shape(&self) -> Option<fn() -> TypeShape> {
        Some(P::shape)
    }
}

impl<P: ?Sized> ShapeProbe for &ShapeOf<P> {
    fn shape(&self) -> Option<fn() -> TypeShape> {
        None
    }
}

/// Asks why values of a field's type may leave: `(&ReasonOf::at(|arguments| &arguments.field)).reason()`.
pub struct ReasonOf<T: ?Sized>(PhantomData<fn(&T)>);

impl<T: ?Sized> ReasonOf<T> {
    /// Asks about the type of the field that the closure leads to. It never runs.
    pub fn at<P: ?Sized>(_: impl Fn(&P) -> &T) -> Self {
        Self(PhantomData)
    }
}

/// What a closure for [`ReasonOf`] goes on with. Type-checked only: it has no value to return.
pub fn fields_of<T: ?Sized>(_: Option<&T>) -> &T {
    unreachable!("the way to a field is type-checked and never gone")
}

/// The answer of [`ReasonOf`].
pub trait ReasonProbe {
    /// The reason, when the type has one; a type without one is an error elsewhere.
    fn reason(&self) -> &'static str;
}

impl<T: Reveal + ?Sized> ReasonProbe for ReasonOf<T> {
    fn reason(&self) -> &'static str {
        T::REASON
    }
}

impl<T: ?Sized> ReasonProbe for &ReasonOf<T> {
    fn reason(&self) -> &'static str {
        ""
    }
}

/// Asks what is known of an error without its text: `(&&&FaultOf(&output)).fault()`.
///
/// With three references, the depths are tried in the order `&&`, `&&&`, `&`, none.
pub struct FaultOf<'a, R: ?Sized>(pub &'a R);

/// The answer of [`FaultOf`].
pub trait FaultProbe {
    /// What is known of the error, when the output is one.
    fn fault(&self) -> Option<Fault>;
}

impl<T, E: Error + 'static> FaultProbe for &&FaultOf<'_, Result<T, E>> {
    fn fault(&self) -> Option<Fault> {
        let error = self.0.as_ref().err()?;
        Some(Fault::of_error(error, std::any::type_name::<E>()))
    }
}

impl<T, E: Display> FaultProbe for &&&FaultOf<'_, Result<T, E>> {
    fn fault(&self) -> Option<Fault> {
        let error = self.0.as_ref().err()?;
        Some(Fault::of_display(error, std::any::type_name::<E>()))
    }
}

impl<T, E> FaultProbe for &FaultOf<'_, Result<T, E>> {
    fn fault(&self) -> Option<Fault> {
        self.0.as_ref().err().map(|_| Fault::of_type(std::any::type_name::<E>()))
    }
}

impl<R: ?Sized> FaultProbe for FaultOf<'_, R> {
    fn fault(&self) -> Option<Fault> {
        None
    }
}

/// Asks whose fault an error says that it is: `(&BlameOf(&output)).side()`.
pub struct BlameOf<'a, R: ?Sized>(pub &'a R);

/// The answer of [`BlameOf`].
pub trait BlameProbe {
    /// The side that the error takes, when the output is one and its type knows.
    fn side(&self) -> Option<Side>;
}

impl<T, E: Blame> BlameProbe for BlameOf<'_, Result<T, E>> {
    fn side(&self) -> Option<Side> {
        let error = self.0.as_ref().err()?;
        losses::guarded(Loss::Blame, || error.side())
    }
}

impl<R: ?Sized> BlameProbe for &BlameOf<'_, R> {
    fn side(&self) -> Option<Side> {
        None
    }
}

#[cfg(test)]
mod tests {
    //! The order in which depths are tried.

    #![expect(clippy::needless_borrow, reason = "the references are what is tested")]

    use super::*;
    use crate::attach::Blamed;

    #[test]
    fn a_type_with_a_shape_is_found_and_one_without_is_not() {
        assert!((&ShapeOf::<String>::new()).shape().is_some());
        assert!((&ShapeOf::<std::time::Instant>::new()).shape().is_none());
    }

    #[test]
    fn an_error_type_is_probed_as_an_error() {
        let output: Result<(), std::io::Error> = Err(std::io::ErrorKind::NotFound.into());
        let fault = (&&&FaultOf(&output)).fault().map(|fault| fault.chain_len);
        assert_eq!(fault, Some(1));
    }

    #[test]
    fn a_text_error_and_an_unprintable_error_still_give_their_type() {
        struct Silent;
        let text: Result<(), String> = Err("no".into());
        let silent: Result<(), Silent> = Err(Silent);
        assert_eq!(
            (&&&FaultOf(&text)).fault().map(|fault| fault.type_name),
            Some("alloc::string::String")
        );
        assert!(
            (&&&FaultOf(&silent)).fault().is_some_and(|fault| fault.type_name.ends_with("Silent"))
        );
    }

    #[test]
    fn an_output_that_is_no_result_has_no_fault() {
        assert!((&&&FaultOf(&7)).fault().is_none());
        let fine: Result<u8, String> = Ok(7);
        assert!((&&&FaultOf(&fine)).fault().is_none());
    }

    #[test]
    fn an_error_that_knows_whose_fault_it_is_is_asked() {
        struct Loud;
        impl Blame for Loud {
            fn side(&self) -> Side {
                panic!("no side")
            }
        }
        let caller: Result<(), Blamed<u8>> = Err(Blamed::caller(7));
        let fine: Result<u8, Blamed<u8>> = Ok(7);
        let loud: Result<(), Loud> = Err(Loud);
        let text: Result<(), String> = Err("no".into());
        assert_eq!((&BlameOf(&caller)).side(), Some(Side::Caller));
        assert_eq!((&BlameOf(&fine)).side(), None);
        assert_eq!((&BlameOf(&text)).side(), None);
        assert_eq!((&BlameOf(&7)).side(), None);
        let before = losses::counted(Loss::Blame);
        assert_eq!((&BlameOf(&loud)).side(), None);
        assert_eq!(losses::counted(Loss::Blame), before + 1);
    }
}
