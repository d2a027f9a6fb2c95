//! What the attributes of the type itself say.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{DeriveInput, Path};

use super::attrs::{Item, serde_items, shape_items};
use super::case::Case;
use crate::diagnostics::{Diagnostics, instead_of};

const ARGUMENTS: [&str; 3] = ["ceiling", "opaque", "crate"];
const CEILINGS: [(&str, &str, Ceiling); 4] = [
    ("omit", "Omit", Ceiling::Omit),
    ("kind", "Kind", Ceiling::Kind),
    ("len", "Len", Ceiling::Len),
    ("hash", "Hash", Ceiling::Hash),
];

/// The highest level that the type allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ceiling {
    Omit,
    Kind,
    Len,
    Hash,
}

/// How serde tells variants apart.
#[derive(Debug)]
pub(super) enum Tag {
    External,
    Internal(String),
    Adjacent(String, String),
    Untagged,
}

/// The attributes of the type.
pub(crate) struct Container {
    serde: Vec<Item>,
    krate: Option<Path>,
    /// The ceiling and the place where the author wrote it.
    pub(crate) ceiling: Option<(Ceiling, Span)>,
    opaque: bool,
}

impl Container {
    pub(crate) fn read(input: &DeriveInput, errors: &Diagnostics) -> Self {
        let mut container =
            Self { serde: serde_items(&input.attrs), krate: None, ceiling: None, opaque: false };
        for item in shape_items(&input.attrs, &ARGUMENTS, errors) {
            container.take(&item, errors);
        }
        container
    }

    fn take(&mut self, item: &Item, errors: &Diagnostics) {
        match item.key.to_string().as_str() {
            "opaque" => self.opaque = is_alone(item, errors),
            "crate" => {
                match syn::parse::Parser::parse2(Path::parse_mod_style, item.value().clone()) {
                    Ok(path) => self.krate = Some(path),
                    Err(_) => {
                        errors.error(
                            item.value_at(),
                            "`crate` needs a path; write `crate = ::toolwatch`",
                        );
                    }
                }
            }
            _ => self.ceiling = read_ceiling(item, errors),
        }
    }

    /// The path of the `toolwatch` crate.
    pub(crate) fn krate(&self) -> TokenStream {
        match &self.krate {
            Some(path) => path.to_token_stream(),
            None => quote_spanned!(Span::mixed_site()=> ::toolwatch),
        }
    }

    pub(super) fn is_opaque(&self) -> bool {
        self.opaque
    }

    /// Whether a rule may ask for a level. Nothing is known of an opaque type but its JSON type.
    pub(super) fn allows(&self, level: Ceiling) -> bool {
        !self.opaque && self.ceiling.is_none_or(|(ceiling, _)| ceiling >= level)
    }

    /// The author's ceiling, as a `Level`.
    pub(super) fn ceiling_level(&self, krate: &TokenStream) -> Option<TokenStream> {
        let (ceiling, _) = self.ceiling?;
        let (_, name, _) = CEILINGS.iter().find(|(_, _, known)| *known == ceiling)?;
        let level = syn::Ident::new(name, Span::mixed_site());
        Some(quote_spanned!(Span::mixed_site()=> #krate::Level::#level))
    }

    /// Reports the attributes that hide the JSON form from a macro.
    pub(super) fn refuse_hidden_forms(&self, errors: &Diagnostics) {
        for item in self.serde.iter().filter(|item| item.is("from") || item.is("try_from")) {
            if !self.opaque {
                let wrong = format!(
                    "`serde({})` takes the JSON form from another type; add `#[shape(opaque)]` or implement `Shape` by hand",
                    item.key
                );
                errors.error(item.key.span(), wrong);
            }
        }
    }

    pub(super) fn is_transparent(&self) -> bool {
        self.has("transparent")
    }

    fn has(&self, key: &str) -> bool {
        self.serde.iter().any(|item| item.is(key))
    }

    fn text(&self, key: &str) -> Option<String> {
        self.serde.iter().find(|item| item.is(key))?.text()
    }

    /// The rule for the names of fields, or of variants when the type is an enum.
    pub(crate) fn case(&self) -> Case {
        self.case_of("rename_all")
    }

    /// The rule for the names of fields in variants.
    pub(crate) fn case_of_variant_fields(&self) -> Case {
        self.case_of("rename_all_fields")
    }

    fn case_of(&self, key: &str) -> Case {
        let named = self.serde.iter().filter(|item| item.is(key)).find_map(Item::deserialize_text);
        named.map_or(Case::Unchanged, |name| Case::named(&name))
    }

    pub(super) fn tag(&self) -> Tag {
        match (self.has("untagged"), self.text("tag"), self.text("content")) {
            (true, ..) => Tag::Untagged,
            (false, Some(tag), Some(content)) => Tag::Adjacent(tag, content),
            (false, Some(tag), None) => Tag::Internal(tag),
            (false, None, _) => Tag::External,
        }
    }
}

/// Whether an item stands without a value, as it has to.
pub(super) fn is_alone(item: &Item, errors: &Diagnostics) -> bool {
    if !item.value().is_empty() {
        errors.error(item.value_at(), format!("`{0}` takes no value; write `{0}`", item.key));
    }
    true
}

fn read_ceiling(item: &Item, errors: &Diagnostics) -> Option<(Ceiling, Span)> {
    let written = item.value().to_string();
    let found = CEILINGS.iter().find(|(name, ..)| *name == written);
    if found.is_none() {
        let instead = match written.as_str() {
            "" => "write `ceiling = kind`".to_owned(),
            "value" => "every type allows `value` by itself; remove `ceiling`".to_owned(),
            other => instead_of(other, &CEILINGS.map(|(name, ..)| name)),
        };
        errors.error(item.value_at(), format!("`{written}` is no ceiling; {instead}"));
    }
    found.map(|(_, _, ceiling)| (*ceiling, item.value_at()))
}
