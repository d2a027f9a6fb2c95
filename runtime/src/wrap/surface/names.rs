//! The prompts, resources and templates of a server, by which requests are named.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use rmcp::model::{JsonObject, Prompt, ResourceTemplate};
use serde_json::{Map, Value, json};

use super::MAX_KNOWN;
use crate::attach::Entry;
use crate::capture::intent::{IntentMode, IntentSpec};
use crate::capture::template::Template;
use crate::event::Name;
use crate::watch::Active;

/// How many schemes of one server are told apart.
const MAX_SCHEMES: usize = 64;

/// Schemes that say nothing of a server.
const WELL_KNOWN: [&str; 8] = ["file", "http", "https", "git", "data", "ftp", "skill", "ui"];

/// A prompt as it was last advertised.
pub(crate) struct KnownPrompt {
    pub(crate) name: Name,
    arguments: Vec<Name>,
    pub(crate) entry: Entry,
    source: Prompt,
}

/// What requests may be named by.
#[derive(Default)]
pub(crate) struct Places {
    prompts: RwLock<HashMap<Box<str>, Arc<KnownPrompt>>>,
    /// The names of the resources, by URI.
    resources: RwLock<HashMap<Box<str>, Name>>,
    templates: RwLock<Vec<Template>>,
    /// The schemes of those URIs.
    schemes: RwLock<Vec<Name>>,
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Places")
    }
}

impl Places {
    pub(crate) fn prompt(&self, name: &str) -> Option<Arc<KnownPrompt>> {
        read(&self.prompts).get(name).cloned()
    }

    pub(crate) fn learn_prompts(&self, prompts: &[Prompt], watch: &Active) {
        for prompt in prompts {
            let is_known = self.prompt(&prompt.name).is_some_and(|known| known.source == *prompt);
            if !is_known {
                let learned = Arc::new(KnownPrompt::learn(prompt, watch));
                let mut known = self.prompts.write().unwrap_or_else(PoisonError::into_inner);
                if known.len() < MAX_KNOWN || known.contains_key(&*prompt.name) {
                    known.insert((&*prompt.name).into(), learned);
                }
            }
        }
    }

    /// The name of the resource with this URI, when the server lists it.
    pub(crate) fn resource(&self, uri: &str) -> Option<Name> {
        read(&self.resources).get(uri).copied()
    }

    /// The scheme of a URI: a well-known or an advertised one, else `_other`.
    pub(crate) fn scheme(&self, uri: &str) -> Option<Name> {
        let (scheme, _) = uri.split_once(':')?;
        let well_known = WELL_KNOWN.iter().find(|known| known.eq_ignore_ascii_case(scheme));
        if let Some(known) = well_known {
            return Some(Name::from_static(known));
        }
        let advertised = read(&self.schemes);
        let known = advertised.iter().find(|known| known.as_str().eq_ignore_ascii_case(scheme));
        Some(known.copied().unwrap_or(Name::from_static("_other")))
    }

    fn learn_scheme(&self, uri: &str) {
        let Some((scheme, _)) = uri.split_once(':') else { return };
        let is_literal = !scheme.contains(['{', '}']);
        if is_literal && self.scheme(uri).is_some_and(|known| known.as_str() == "_other") {
            let mut schemes = self.schemes.write().unwrap_or_else(PoisonError::into_inner);
            if schemes.len() < MAX_SCHEMES {
                schemes.push(Name::register(scheme));
            }
        }
    }

    /// Learns resources by URI and name.
    pub(crate) fn learn_resources<'r>(&self, resources: impl Iterator<Item = (&'r str, &'r str)>) {
        for (uri, name) in resources {
            if self.resource(uri).is_some_and(|known| known.is_of(name)) {
                continue;
            }
            self.learn_scheme(uri);
            let name = Name::register(name);
            let mut known = self.resources.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MAX_KNOWN || known.contains_key(uri) {
                known.insert(uri.into(), name);
            }
        }
    }

    /// The template that a URI matches: the one with the most literal text.
    pub(crate) fn template(&self, uri: &str) -> Option<Name> {
        let templates = read(&self.templates);
        let matching = templates.iter().filter(|template| template.matches(uri));
        matching.max_by_key(|template| template.literal_len()).map(Template::name)
    }

    /// The template that was written like this.
    pub(crate) fn template_named(&self, text: &str) -> Option<Name> {
        read(&self.templates).iter().map(Template::name).find(|name| name.is_of(text))
    }

    /// The names of a template's variables.
    pub(crate) fn variable(&self, template: Name, variable: &str) -> Option<Name> {
        let templates = read(&self.templates);
        templates.iter().find(|known| known.name() == template)?.variable(variable)
    }

    pub(crate) fn learn_templates(&self, templates: &[ResourceTemplate]) {
        for template in templates {
            if self.template_named(&template.uri_template).is_some() {
                continue;
            }
            let Some(parsed) = Template::parse(&template.uri_template) else { continue };
            self.learn_scheme(&template.uri_template);
            let mut known = self.templates.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MAX_KNOWN {
                known.push(parsed);
            }
        }
    }
}

impl KnownPrompt {
    /// The declared argument of this name.
    pub(crate) fn argument(&self, name: &str) -> Option<Name> {
        self.arguments.iter().find(|argument| argument.is_of(name)).copied()
    }

    fn learn(prompt: &Prompt, watch: &Active) -> Self {
        let name = Name::register(&prompt.name);
        let declared = prompt.arguments.as_deref().unwrap_or_default();
        let arguments = declared.iter().map(|argument| Name::register(&argument.name)).collect();
        let intent = IntentSpec { mode: IntentMode::Off, text: None, max_chars: 0 };
        let entry = Entry::of_tool(watch, name, Arc::new(schema(prompt)), intent);
        Self { name, arguments, entry, source: prompt.clone() }
    }
}

/// The arguments of a prompt as a schema: texts, some of them required.
fn schema(prompt: &Prompt) -> JsonObject {
    let declared = prompt.arguments.as_deref().unwrap_or_default();
    let properties: Map<String, Value> =
        declared.iter().map(|of| (of.name.clone(), json!({"type": "string"}))).collect();
    let required = declared.iter().filter(|of| of.required == Some(true));
    let required: Vec<_> = required.map(|of| Value::from(of.name.as_str())).collect();
    let mut schema = JsonObject::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema.insert("required".to_owned(), Value::Array(required));
    schema
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
