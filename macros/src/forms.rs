//! Recognises the forms of a tool fn by their spelling, as rmcp's own macro does.
//!
//! A macro sees names, not types. Where rmcp decides by the last segment of a path, so does this
//! file, because the schemas that a watched tool shows must be the ones that rmcp would show.

use syn::{
    FnArg, GenericArgument, PathArguments, PathSegment, ReturnType, Signature, Type, TypeParamBound,
};

/// The type of the first parameter that is written `Parameters<..>`.
pub(crate) fn parameters_type(signature: &Signature) -> Option<&Type> {
    signature.inputs.iter().find_map(|input| match input {
        FnArg::Typed(typed) => {
            last_segment(&typed.ty).filter(|last| last.ident == "Parameters").map(|_| &*typed.ty)
        }
        FnArg::Receiver(_) => None,
    })
}

/// The `T` of a type written `Name<T, ..>`.
pub(crate) fn first_argument(ty: &Type) -> Option<&Type> {
    segment_argument(last_segment(ty)?)
}

/// The `T` of a return type written `Json<T>` or `Result<Json<T>, E>`.
pub(crate) fn json_output(output: &ReturnType) -> Option<&Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    json_type(ty).or_else(|| {
        let result = last_segment(ty).filter(|last| last.ident == "Result")?;
        json_type(segment_argument(result)?)
    })
}

fn json_type(ty: &Type) -> Option<&Type> {
    segment_argument(last_segment(ty).filter(|last| last.ident == "Json")?)
}

/// Whether the return type is written as a future: `impl Future`, `Pin<Box<dyn Future>>` or a
/// name that ends in `BoxFuture`.
pub(crate) fn returns_future(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else {
        return false;
    };
    match bare(ty) {
        Type::ImplTrait(ty) => ty.bounds.iter().any(is_future_bound),
        ty => last_segment(ty).is_some_and(|last| {
            last.ident.to_string().ends_with("BoxFuture") || is_pinned_future(last)
        }),
    }
}

/// Whether rmcp's `#[tool]` has already boxed the fn: the return type has the path it writes.
pub(crate) fn is_boxed_by_rmcp(output: &ReturnType) -> bool {
    let ReturnType::Type(_, ty) = output else {
        return false;
    };
    matches!(bare(ty), Type::Path(ty) if ty.path.leading_colon.is_some()) && returns_future(output)
}

fn is_pinned_future(last: &PathSegment) -> bool {
    let boxed = (last.ident == "Pin").then(|| segment_argument(last)).flatten();
    let inner = boxed.and_then(last_segment).filter(|last| last.ident == "Box");
    match inner.and_then(segment_argument).map(bare) {
        Some(Type::TraitObject(object)) => object.bounds.iter().any(is_future_bound),
        _ => false,
    }
}

fn is_future_bound(bound: &TypeParamBound) -> bool {
    match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().is_some_and(|last| last.ident == "Future")
        }
        _ => false,
    }
}

/// The last segment of a path type; a type that is no path has none.
fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(ty) => ty.path.segments.last(),
        _ => None,
    }
}

fn segment_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(list) = &segment.arguments else {
        return None;
    };
    match list.args.first()? {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    }
}

/// The type inside the invisible groups and parentheses that `macro_rules!` and authors add.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => bare(&group.elem),
        Type::Paren(paren) => bare(&paren.elem),
        ty => ty,
    }
}
