//! What only some kinds of operations have.

use crate::event::encode::json::{Writer, key};
use crate::event::{
    CompletionShape, Detail, Listing, ResourceAccess, SessionEnd, Subscription, Surface,
};

pub(super) fn detail(json: &mut Writer<'_>, detail: &Detail) {
    match detail {
        Detail::Listing(of) => listing(json, of),
        Detail::Resource(of) => resource(json, of),
        Detail::Completion(of) => completion(json, of),
        Detail::Session(of) => session(json, of),
        Detail::Subscription(of) => subscription(json, of),
    }
}

fn flag(json: &mut Writer<'_>, name: super::json::Key, flag: bool) {
    if flag {
        json.key(name);
        json.bool(true);
    }
}

fn listing(json: &mut Writer<'_>, listing: &Listing) {
    json.key(key!("listing"));
    json.open();
    json.count(key!("items"), listing.items);
    flag(json, key!("continued"), listing.is_continued);
    flag(json, key!("more"), listing.has_more);
    if let Some(of) = &listing.surface {
        surface(json, of);
    }
    json.close();
}

fn surface(json: &mut Writer<'_>, surface: &Surface) {
    json.hash(key!("surface_hash"), surface.hash);
    flag(json, key!("surface_changed"), surface.changed);
    if !surface.tools.is_empty() {
        json.key(key!("tools"));
        json.open();
        for tool in &surface.tools {
            json.foreign_key(tool.name.as_str());
            json.bare_hash(tool.hash);
        }
        json.close();
    }
}

fn resource(json: &mut Writer<'_>, resource: &ResourceAccess) {
    json.key(key!("resource"));
    json.open();
    if let Some(scheme) = resource.scheme {
        json.text(key!("scheme"), scheme.as_str());
    }
    if let Some(template) = resource.template {
        json.text(key!("template"), template.as_str());
    }
    json.count(key!("uri_chars"), resource.uri_chars);
    json.count_unless(0, key!("texts"), resource.contents[0].into());
    json.count_unless(0, key!("blobs"), resource.contents[1].into());
    json.count_unless(0, key!("content_bytes"), resource.content_bytes);
    if let Some(is_hit) = resource.cache_hit {
        json.key(key!("cache_hit"));
        json.bool(is_hit);
        json.count(key!("session_reads"), resource.session_reads.into());
        json.count(key!("session_rereads"), resource.session_rereads.into());
    }
    json.close();
}

fn completion(json: &mut Writer<'_>, completion: &CompletionShape) {
    json.key(key!("completion"));
    json.open();
    json.text(key!("reference"), completion.reference);
    if let Some(argument) = completion.argument {
        json.text(key!("argument"), argument.as_str());
    }
    json.count(key!("value_chars"), completion.value_chars);
    json.count_unless(0, key!("context_keys"), completion.context_keys.into());
    if let Some(values) = completion.values {
        json.count(key!("values"), values.into());
    }
    flag(json, key!("more"), completion.has_more == Some(true));
    json.close();
}

fn session(json: &mut Writer<'_>, session: &SessionEnd) {
    json.key(key!("session_end"));
    json.open();
    json.count(key!("requests"), session.requests);
    json.count(key!("errors"), session.errors);
    json.close();
}

fn subscription(json: &mut Writer<'_>, subscription: &Subscription) {
    json.key(key!("subscription"));
    json.open();
    json.count_unless(0, key!("resources"), subscription.resources.into());
    let [tools, prompts, resources] = subscription.lists;
    json.count_unless(0, key!("tools_list"), tools.into());
    json.count_unless(0, key!("prompts_list"), prompts.into());
    json.count_unless(0, key!("resources_list"), resources.into());
    json.close();
}
