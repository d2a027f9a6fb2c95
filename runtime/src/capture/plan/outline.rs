//! What one declared type looks like one level down, from its derived shape.

use rmcp::model::JsonObject;

use super::schema;
use crate::shape::{Field, Form, Level, Tagging, TypeShape, Variant};

/// How many flattened types may stand in one another.
const MAX_FLATTENED: u32 = 8;

/// Where a declaration is read from: the derived shape, the schema, or both.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) root: &'a JsonObject,
    pub(super) shape: Option<TypeShape>,
    pub(super) schema: Option<&'a JsonObject>,
}

/// A declaration one level down.
pub(super) enum Outline<'a> {
    Nothing,
    Items(Source<'a>),
    Values(Source<'a>),
    Members(Group<'a>),
    Tagged { tag: String, variants: Vec<(Vec<String>, Group<'a>)> },
    OneOf(Vec<Source<'a>>),
}

/// The members of an object.
#[derive(Default)]
pub(super) struct Group<'a> {
    pub(super) members: Vec<Declared<'a>>,
    /// Whether undeclared keys are data.
    pub(super) is_open: bool,
    /// The Rust paths of the flattened fields that take undeclared keys.
    pub(super) rest: Vec<Vec<&'static str>>,
}

/// One member of an object.
pub(super) struct Declared<'a> {
    /// The name in events, then its aliases.
    pub(super) names: Vec<String>,
    /// The name in rules, longer than one for flattened fields; empty when the schema tells names.
    pub(super) rust: Vec<&'static str>,
    pub(super) is_required: bool,
    /// The ceiling of the flattened types around it.
    pub(super) ceiling: Level,
    pub(super) source: Source<'a>,
}

impl<'a> Source<'a> {
    /// The highest level that the type allows. One form of several may be a secret, so the lowest.
    pub(super) fn ceiling(&self) -> Level {
        let Some(shape) = self.shape else { return Level::Value };
        let Form::Choice(Tagging::Untagged, variants) = shape.form else { return shape.ceiling };
        let inside = variants.iter().filter_map(|variant| Some(variant.shape?().ceiling)).min();
        shape.ceiling.min(inside.unwrap_or(Level::Value))
    }

    pub(super) fn outline(&self) -> Outline<'a> {
        match self.shape {
            Some(shape) => self.of_form(shape.form),
            None => self.schema.map_or(Outline::Nothing, |schema| schema::outline(self, schema)),
        }
    }

    pub(super) fn with_schema(&self, schema: Option<&'a JsonObject>) -> Self {
        Self { root: self.root, shape: None, schema }
    }

    fn with_shape(&self, shape: fn() -> TypeShape, schema: Option<&'a JsonObject>) -> Self {
        Self { root: self.root, shape: Some(shape()), schema }
    }

    fn of_form(&self, form: Form) -> Outline<'a> {
        match form {
            Form::List(item) => {
                Outline::Items(self.with_shape(item, schema::items(self.root, self.schema)))
            }
            Form::Map(value) => {
                Outline::Values(self.with_shape(value, schema::values(self.root, self.schema)))
            }
            Form::Object(fields) => {
                let mut flat = Flat::new(*self);
                flat.fields(fields, &[], Level::Value);
                Outline::Members(flat.group)
            }
            Form::Choice(tagging, variants) => self.of_choice(tagging, variants),
            Form::Scalar | Form::Text | Form::Any | Form::Opaque => Outline::Nothing,
        }
    }

    fn of_choice(&self, tagging: Tagging, variants: &'static [Variant]) -> Outline<'a> {
        let tag = match tagging {
            Tagging::External => {
                let mut flat = Flat::new(self.with_schema(None));
                flat.variants(variants, &[], Level::Value);
                return Outline::Members(flat.group);
            }
            Tagging::Untagged => {
                let shapes = variants.iter().filter_map(|variant| variant.shape);
                return Outline::OneOf(shapes.map(|shape| self.with_shape(shape, None)).collect());
            }
            Tagging::Internal { tag } | Tagging::Adjacent { tag, .. } => tag,
        };
        let group = |variant: &Variant| {
            let mut flat = Flat::new(self.with_schema(None));
            flat.name(&[tag], &[], Level::Value, None);
            match (tagging, variant.shape) {
                (Tagging::Adjacent { content, .. }, shape) => {
                    flat.name(&[content], &[], Level::Value, shape);
                }
                (_, Some(shape)) => flat.inline(shape(), &[], Level::Value),
                (_, None) => {}
            }
            (names(variant.json, variant.aliases), flat.group)
        };
        Outline::Tagged { tag: tag.to_owned(), variants: variants.iter().map(group).collect() }
    }
}

fn names(json: &str, aliases: &[&str]) -> Vec<String> {
    [json].iter().chain(aliases).map(|name| (*name).to_owned()).collect()
}

/// Collects the members of one object, those of flattened types included.
struct Flat<'a> {
    source: Source<'a>,
    group: Group<'a>,
    depth: u32,
}

impl<'a> Flat<'a> {
    fn new(source: Source<'a>) -> Self {
        Self { source, group: Group::default(), depth: 0 }
    }

    fn fields(&mut self, fields: &[Field], around: &[&'static str], ceiling: Level) {
        for field in fields {
            let rust = [around, &[field.rust]].concat();
            if field.flatten {
                self.inline((field.shape)(), &rust, ceiling);
            } else {
                let names = [&[field.json], field.aliases].concat();
                self.name(&names, &rust, ceiling, Some(field.shape));
            }
        }
    }

    fn variants(&mut self, variants: &[Variant], around: &[&'static str], ceiling: Level) {
        for variant in variants {
            let names = [&[variant.json], variant.aliases].concat();
            self.name(&names, around, ceiling, variant.shape);
        }
    }

    fn name(
        &mut self,
        names: &[&str],
        rust: &[&'static str],
        ceiling: Level,
        shape: Option<fn() -> TypeShape>,
    ) {
        let Some(json) = names.first() else { return };
        let schema = self.source.schema;
        let property = schema::property(self.source.root, schema, json);
        let shape = shape.map_or(TypeShape::new(Form::Scalar), |shape| shape());
        self.group.members.push(Declared {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            rust: rust.to_vec(),
            is_required: schema::is_required(self.source.root, schema, json),
            ceiling,
            source: Source { root: self.source.root, shape: Some(shape), schema: property },
        });
    }

    /// Adds the members of a type whose fields stand in this object.
    fn inline(&mut self, shape: TypeShape, rust: &[&'static str], ceiling: Level) {
        let ceiling = ceiling.min(shape.ceiling);
        self.depth += 1;
        match shape.form {
            Form::Object(fields) if self.depth <= MAX_FLATTENED => {
                self.fields(fields, rust, ceiling);
            }
            Form::Choice(tagging, variants) if self.depth <= MAX_FLATTENED => {
                self.inline_choice(tagging, variants, rust, ceiling);
            }
            Form::Scalar => {}
            _ => {
                self.group.is_open = true;
                self.group.rest.push(rust.to_vec());
            }
        }
        self.depth -= 1;
    }

    /// A flattened enum declares the members of all its variants.
    fn inline_choice(
        &mut self,
        tagging: Tagging,
        variants: &[Variant],
        rust: &[&'static str],
        ceiling: Level,
    ) {
        match tagging {
            Tagging::External => return self.variants(variants, rust, ceiling),
            Tagging::Internal { tag } => self.name(&[tag], rust, ceiling, None),
            Tagging::Adjacent { tag, content } => {
                self.name(&[tag], rust, ceiling, None);
                return self.name(&[content], rust, ceiling.min(Level::Kind), None);
            }
            Tagging::Untagged => {}
        }
        for shape in variants.iter().filter_map(|variant| variant.shape) {
            self.inline(shape(), rust, ceiling);
        }
    }
}
