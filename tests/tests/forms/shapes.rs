//! What `#[derive(Shape)]` and `#[derive(Reveal)]` say of a type.

use std::collections::BTreeMap;

use serde::Deserialize;
use toolwatch::shape::rules;
use toolwatch::{Exposed, Form, Reveal, Shape, Tagging, TypeShape, Variant};

/// A form in one line, followed for three types deep.
fn text<T: Shape + ?Sized>() -> String {
    describe(T::shape(), 3)
}

fn describe(shape: TypeShape, depth: u8) -> String {
    let ceiling = match shape.ceiling {
        toolwatch::Level::Value => String::new(),
        level => format!("<={level}"),
    };
    let Some(depth) = depth.checked_sub(1) else { return "..".to_owned() };
    let form = match shape.form {
        Form::Scalar => "scalar".to_owned(),
        Form::Text => "text".to_owned(),
        Form::Any => "any".to_owned(),
        Form::Opaque => "opaque".to_owned(),
        Form::List(item) => format!("[{}]", describe(item(), depth)),
        Form::Map(item) => format!("{{*: {}}}", describe(item(), depth)),
        Form::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| {
                    let inner = describe((field.shape)(), depth);
                    match field.flatten {
                        true => format!("..{}: {inner}", field.rust),
                        false => format!(
                            "{}{}: {inner}",
                            names(field.rust, field.json),
                            list(field.aliases)
                        ),
                    }
                })
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        Form::Choice(tagging, variants) => {
            let variants: Vec<String> = variants.iter().map(|it| variant(it, depth)).collect();
            format!("{}({})", tag(tagging), variants.join(" | "))
        }
        _ => "unknown".to_owned(),
    };
    form + &ceiling
}

fn variant(variant: &Variant, depth: u8) -> String {
    let name = format!("{}{}", names(variant.rust, variant.json), list(variant.aliases));
    match variant.shape {
        Some(shape) => format!("{name} {}", describe(shape(), depth)),
        None => name,
    }
}

fn tag(tagging: Tagging) -> String {
    match tagging {
        Tagging::Internal { tag } => format!("{tag}:"),
        Tagging::Adjacent { tag, content } => format!("{tag},{content}:"),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn names(rust: &str, json: &str) -> String {
    if rust == json { rust.to_owned() } else { format!("{rust}={json}") }
}

fn list(aliases: &[&str]) -> String {
    aliases.iter().map(|alias| format!("|{alias}")).collect()
}

#[derive(Deserialize, Shape)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "only its shape is read")]
struct Search {
    query: String,
    #[serde(alias = "limit", alias = "max", default)]
    page_size: Option<u32>,
    #[serde(rename(serialize = "out", deserialize = "in"))]
    renamed: bool,
    #[serde(rename = "type")]
    r#type: String,
    #[serde(skip)]
    hidden: std::cell::Cell<u8>,
    #[shape(opaque)]
    span: std::time::Duration,
    #[serde(flatten)]
    rest: BTreeMap<String, serde_json::Value>,
}

#[test]
fn a_struct_has_the_names_on_the_wire() {
    let expected = "{query: text, pageSize|limit|max: scalar, in: scalar, type: text, span: opaque<=kind, ..rest: {*: any}}";
    let expected =
        expected.replace("pageSize", "page_size=pageSize").replace("in: ", "renamed=in: ");
    assert_eq!(text::<Search>(), expected);
}

#[derive(Deserialize, Shape)]
#[serde(rename_all(serialize = "UPPERCASE", deserialize = "kebab-case"))]
#[expect(dead_code, reason = "only its shape is read")]
struct OnlyDeserialize {
    page_size: u8,
}

#[derive(Deserialize, Shape)]
struct Newtype(String);

#[derive(Deserialize, Shape)]
#[shape(ceiling = kind)]
struct Secret(String);

#[derive(Deserialize, Shape)]
#[serde(transparent)]
struct Wrapper<T> {
    inner: T,
    #[serde(skip)]
    marker: std::marker::PhantomData<T>,
}

#[derive(Deserialize, Shape)]
struct Tuple(u8, #[expect(dead_code, reason = "only its shape is read")] String);

#[derive(Deserialize, Shape)]
struct Unit;

#[test]
fn each_kind_of_struct_has_its_form() {
    assert_eq!(text::<OnlyDeserialize>(), "{page_size=page-size: scalar}");
    assert_eq!(text::<Newtype>(), "text");
    assert_eq!(text::<Secret>(), "text<=kind");
    assert_eq!(text::<Wrapper<Vec<bool>>>(), "[scalar]");
    assert_eq!(text::<Tuple>(), "[opaque<=kind]");
    assert_eq!(text::<Unit>(), "scalar");
}

#[test]
fn a_path_goes_through_a_newtype() {
    assert_eq!(Newtype("x".into()).fields().map(String::as_str), Some("x"));
    assert!(Secret("x".into()).fields().is_some());
    let wrapped =
        Wrapper { inner: Some(Tuple(1, String::new())), marker: std::marker::PhantomData };
    assert_eq!(wrapped.fields().map(|tuple| tuple.0), Some(1));
    assert!(Unit.fields().is_some());
}

#[derive(Deserialize, Shape)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
#[expect(dead_code, reason = "only its shape is read")]
enum External {
    Nothing,
    #[serde(alias = "one")]
    Single(String),
    #[serde(rename = "pair")]
    Both(u8, u8),
    NamedFields {
        first_name: bool,
    },
    #[serde(rename_all = "kebab-case")]
    Other {
        last_name: bool,
    },
    #[serde(skip_deserializing)]
    Gone(std::cell::Cell<u8>),
}

#[derive(Deserialize, Shape)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "only its shape is read")]
enum Internal {
    A {
        x: u8,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize, Shape)]
#[serde(tag = "t", content = "c")]
#[expect(dead_code, reason = "only its shape is read")]
enum Adjacent {
    A(Secret),
}

#[derive(Deserialize, Shape)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape is read")]
enum Untagged<T> {
    One(T),
    Many(Vec<T>),
}

#[test]
fn each_tagging_has_its_form() {
    assert_eq!(
        text::<External>(),
        "external(Nothing=nothing | Single=single|one text | Both=pair [opaque<=kind] | NamedFields=named_fields {first_name=firstName: scalar} | Other=other {last_name=last-name: scalar})"
    );
    assert_eq!(text::<Internal>(), "kind:(A {x: scalar} | Unknown)");
    assert_eq!(text::<Adjacent>(), "t,c:(A text<=kind)");
    assert_eq!(text::<Untagged<u8>>(), "untagged(One scalar | Many [scalar])");
}

#[derive(Deserialize, Shape)]
#[expect(dead_code, reason = "only its shape is read")]
struct Node {
    name: String,
    children: Vec<Node>,
    parent: Option<Box<Node>>,
}

#[derive(Deserialize, Shape)]
#[shape(opaque)]
#[expect(dead_code, reason = "only its shape is read")]
struct Opaque {
    clock: std::cell::Cell<u8>,
}

#[derive(Deserialize, Shape)]
#[shape(ceiling = len, crate = ::toolwatch)]
#[expect(dead_code, reason = "only its shape is read")]
struct Limited<'a> {
    #[serde(borrow)]
    text: std::borrow::Cow<'a, str>,
}

#[test]
fn recursive_opaque_and_limited_types_have_a_form() {
    assert_eq!(
        text::<Node>(),
        "{name: text, children: [{name: .., children: .., parent: ..}], parent: {name: text, children: [..], parent: {name: .., children: .., parent: ..}}}"
    );
    assert_eq!(text::<Opaque>(), "opaque<=kind");
    assert_eq!(text::<Limited<'static>>(), "{text: text}<=len");
}

#[test]
fn the_markers_follow_the_ceiling_and_the_inner_type() {
    fn all<T: rules::MayLen + rules::MayHash + rules::Single>() {}
    fn len<T: rules::MayLen>() {}
    fn hash<T: rules::MayHash>() {}
    fn single<T: rules::Single>() {}
    all::<Search>();
    all::<Newtype>();
    all::<External>();
    all::<Wrapper<String>>();
    len::<Limited<'static>>();
    hash::<Wrapper<u8>>();
    single::<Secret>();
    single::<Opaque>();
}

#[derive(Clone, Copy, Deserialize, Shape, Reveal)]
#[serde(rename_all = "kebab-case")]
enum Order {
    NewestFirst,
    #[serde(rename = "old")]
    OldestFirst,
}

#[test]
fn an_enum_reveals_its_name_on_the_wire() {
    assert_eq!(Order::NewestFirst.reveal(), Some(Exposed::name("newest-first")));
    assert_eq!(Order::OldestFirst.reveal(), Some(Exposed::name("old")));
    assert!(!Order::REASON.is_empty());
}
