//! What only some kinds of operations have.

use crate::event::encode::out::{Out, key};
use crate::event::{
    CompletionShape, Detail, Listing, ResourceAccess, SessionEnd, Subscription, Surface,
};

pub(super) fn detail<'e>(out: &mut impl Out<'e>, detail: &'e Detail) {
    match detail {
        Detail::Listing(of) => listing(out, of),
        Detail::Resource(of) => resource(out, of),
        Detail::Completion(of) => completion(out, of),
        Detail::Session(of) => session(out, of),
        Detail::Subscription(of) => subscription(out, of),
    }
}

fn flag<'e>(out: &mut impl Out<'e>, name: super::out::Key, flag: bool) {
    if flag {
        out.key(name);
        out.bool(true);
    }
}

fn listing<'e>(out: &mut impl Out<'e>, listing: &'e Listing) {
    out.key(key!("listing"));
    out.open();
    out.count(key!("items"), listing.items);
    flag(out, key!("continued"), listing.is_continued);
    flag(out, key!("more"), listing.has_more);
    if let Some(of) = &listing.surface {
        surface(out, of);
    }
    out.close();
}

fn surface<'e>(out: &mut impl Out<'e>, surface: &'e Surface) {
    out.hash(key!("surface_hash"), surface.hash);
    flag(out, key!("surface_changed"), surface.changed);
    if !surface.tools.is_empty() {
        out.key(key!("tools"));
        out.open();
        for tool in &surface.tools {
            out.foreign_key(tool.name.as_str());
            out.bare_hash(tool.hash);
        }
        out.close();
    }
}

fn resource<'e>(out: &mut impl Out<'e>, resource: &'e ResourceAccess) {
    out.key(key!("resource"));
    out.open();
    if let Some(scheme) = resource.scheme {
        out.text(key!("scheme"), scheme.as_str());
    }
    if let Some(template) = resource.template {
        out.text(key!("template"), template.as_str());
    }
    out.count(key!("uri_chars"), resource.uri_chars);
    out.count_unless(0, key!("texts"), resource.contents[0].into());
    out.count_unless(0, key!("blobs"), resource.contents[1].into());
    out.count_unless(0, key!("content_bytes"), resource.content_bytes);
    if let Some(is_hit) = resource.cache_hit {
        out.key(key!("cache_hit"));
        out.bool(is_hit);
        out.count(key!("session_reads"), resource.session_reads.into());
        out.count(key!("session_rereads"), resource.session_rereads.into());
    }
    out.close();
}

fn completion<'e>(out: &mut impl Out<'e>, completion: &'e CompletionShape) {
    out.key(key!("completion"));
    out.open();
    out.text(key!("reference"), completion.reference);
    if let Some(argument) = completion.argument {
        out.text(key!("argument"), argument.as_str());
    }
    out.count(key!("value_chars"), completion.value_chars);
    out.count_unless(0, key!("context_keys"), completion.context_keys.into());
    if let Some(values) = completion.values {
        out.count(key!("values"), values.into());
    }
    flag(out, key!("more"), completion.has_more == Some(true));
    out.close();
}

fn session<'e>(out: &mut impl Out<'e>, session: &'e SessionEnd) {
    out.key(key!("session_end"));
    out.open();
    out.count(key!("requests"), session.requests);
    out.count(key!("errors"), session.errors);
    out.close();
}

fn subscription<'e>(out: &mut impl Out<'e>, subscription: &'e Subscription) {
    out.key(key!("subscription"));
    out.open();
    out.count_unless(0, key!("resources"), subscription.resources.into());
    let [tools, prompts, resources] = subscription.lists;
    out.count_unless(0, key!("tools_list"), tools.into());
    out.count_unless(0, key!("prompts_list"), prompts.into());
    out.count_unless(0, key!("resources_list"), resources.into());
    out.close();
}
