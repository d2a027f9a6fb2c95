//! What the attributes of a field or a variant say.

use syn::ext::IdentExt;
use syn::{Attribute, Ident};

use super::attrs::{Item, serde_items, shape_items};
use super::case::Case;
use super::container::is_alone;
use crate::diagnostics::Diagnostics;

/// The attributes of one field.
pub(super) struct FieldAttrs {
    serde: Vec<Item>,
    pub(super) opaque: bool,
}

impl FieldAttrs {
    pub(super) fn read(attrs: &[Attribute], errors: &Diagnostics) -> Self {
        let own = shape_items(attrs, &["opaque"], errors);
        let opaque = own.iter().fold(false, |_, item| is_alone(item, errors));
        Self { serde: serde_items(attrs), opaque }
    }

    /// What serde's attributes say, without a look at ours.
    pub(super) fn of_serde(attrs: &[Attribute]) -> Self {
        Self { serde: serde_items(attrs), opaque: false }
    }

    /// Whether the field never stands in a request.
    pub(super) fn is_skipped(&self) -> bool {
        self.has("skip") || self.has("skip_deserializing")
    }

    pub(super) fn is_flattened(&self) -> bool {
        self.has("flatten")
    }

    pub(super) fn has_default(&self) -> bool {
        self.has("default")
    }

    fn has(&self, key: &str) -> bool {
        self.serde.iter().any(|item| item.is(key))
    }

    pub(super) fn json(&self, ident: &Ident, case: Case) -> String {
        renamed(&self.serde).unwrap_or_else(|| case.field(&ident.unraw().to_string()))
    }

    pub(super) fn aliases(&self) -> Vec<String> {
        aliases(&self.serde)
    }
}

/// The names of one variant.
pub(crate) struct VariantNames {
    serde: Vec<Item>,
    pub(crate) rust: String,
    pub(crate) json: String,
    pub(crate) aliases: Vec<String>,
}

impl VariantNames {
    pub(crate) fn read(attrs: &[Attribute], ident: &Ident, case: Case) -> Self {
        let serde = serde_items(attrs);
        let rust = ident.unraw().to_string();
        let json = renamed(&serde).unwrap_or_else(|| case.variant(&rust));
        let aliases = aliases(&serde);
        Self { serde, rust, json, aliases }
    }

    /// Whether the variant never stands in a request.
    pub(super) fn is_skipped(&self) -> bool {
        self.has("skip") || self.has("skip_deserializing")
    }

    /// The item that takes one variant out of the enum's tagging.
    pub(super) fn untagged(&self) -> Option<&Item> {
        self.serde.iter().find(|item| item.is("untagged"))
    }

    fn has(&self, key: &str) -> bool {
        self.serde.iter().any(|item| item.is(key))
    }

    /// The rule for the names of this variant's fields.
    pub(super) fn case(&self, of_container: Case) -> Case {
        let own = self.serde.iter().filter(|item| item.is("rename_all"));
        own.filter_map(Item::deserialize_text)
            .next()
            .map_or(of_container, |name| Case::named(&name))
    }
}

fn renamed(serde: &[Item]) -> Option<String> {
    serde.iter().filter(|item| item.is("rename")).find_map(Item::deserialize_text)
}

/// `alias = "name"`, and the further names of `rename(deserialize = "a", deserialize = "b")`.
fn aliases(serde: &[Item]) -> Vec<String> {
    let aliases = serde.iter().filter(|item| item.is("alias")).filter_map(Item::text);
    let renames = serde.iter().filter(|item| item.is("rename"));
    let further = renames.flat_map(|item| item.deserialize_texts().skip(1));
    aliases.chain(further).collect()
}
