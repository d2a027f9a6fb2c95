//! What MCPWatch's schema has no member for.

use super::parts;
use crate::event::encode::out::{Key, Out, key};
use crate::event::{
    self, Event, Identity, IntentRecord, MAX_TAGS, Property, RequestKey, Signals, Tag,
};

pub(super) fn attributes<'e>(out: &mut impl Out<'e>, event: &'e Event, of_watch: &'e [Tag]) {
    out.key(key!("attributes"));
    out.open();
    out.text(key!("outcome"), event.outcome.as_str());
    error(out, event);
    if let Some(intent) = &event.intent {
        intent_record(out, intent);
    }
    tags(out, event, of_watch);
    properties(out, &event.properties);
    out.count_unless(0, key!("queue_ns"), event.queue_ns);
    link(out, event);
    caller(out, event);
    signals(out, event.signals);
    if let Some(detail) = &event.detail {
        super::detail::detail(out, detail);
    }
    weight(out, event.weight);
    out.close();
}

fn tags<'e>(out: &mut impl Out<'e>, event: &'e Event, of_watch: &'e [Tag]) {
    if of_watch.is_empty() && event.tags.is_empty() && event.more_tags.is_empty() {
        return;
    }
    out.key(key!("tags"));
    out.open();
    for (key, value) in event::tags(event, of_watch).take(MAX_TAGS) {
        out.foreign_key(key);
        out.string(value);
    }
    out.close();
}

fn properties<'e>(out: &mut impl Out<'e>, properties: &'e [Property]) {
    if properties.is_empty() {
        return;
    }
    out.key(key!("properties"));
    out.open();
    for property in properties {
        out.foreign_key(property.key.as_str());
        parts::exposed(out, property.value);
    }
    out.close();
}

fn link<'e>(out: &mut impl Out<'e>, event: &'e Event) {
    unsampled(out, key!("trace_sampled"), event.trace.is_sampled);
    let Some(link) = event.trace.link else { return };
    out.key(key!("link"));
    out.open();
    out.hex(key!("trace_id"), &link.trace_id);
    out.hex(key!("span_id"), &link.span_id);
    unsampled(out, key!("sampled"), link.is_sampled);
    out.close();
}

/// Traces are sampled unless somebody says that they are not.
fn unsampled<'e>(out: &mut impl Out<'e>, key: Key, is_sampled: bool) {
    if !is_sampled {
        out.key(key);
        out.bool(false);
    }
}

/// The id of the request: a number as it is, a text as its keyed hash.
pub(super) fn request_id<'e>(out: &mut impl Out<'e>, event: &'e Event) {
    match event.request_id {
        Some(RequestKey::Number(number)) => {
            out.key(key!("request_id"));
            out.integer(number);
        }
        Some(RequestKey::Hash(hash)) => out.hash(key!("request_id"), hash),
        None => {}
    }
}

/// What tells this request and its caller from others.
fn caller<'e>(out: &mut impl Out<'e>, event: &'e Event) {
    request_id(out, event);
    if event.is_continuation {
        out.key(key!("continuation"));
        out.bool(true);
    }
    if let Some(version) = event.caller.http_version {
        out.text(key!("http_version"), version.as_str());
    }
    if let Some(session) = event.caller.session {
        out.key(key!("session"));
        out.open();
        out.hash(key!("key"), session.value);
        out.text(key!("source"), session.source.as_str());
        out.text(key!("confidence"), session.confidence.as_str());
        out.close();
    }
    if let Some(identity) = &event.caller.identity {
        out.key(key!("identity"));
        out.open();
        match identity {
            Identity::Hash(hash) => out.hash(key!("hash"), *hash),
            Identity::Label(label) => out.text(key!("label"), label.as_str()),
        }
        out.close();
    }
}

/// A first failure is none in a row, as a first call is no repeat: both are the default.
fn signals<'e>(out: &mut impl Out<'e>, signals: Signals) {
    let error_run = signals.error_run.max(1);
    if (error_run, signals.ping_pong, signals.is_loop) == (1, 0, false) {
        return;
    }
    out.key(key!("signals"));
    out.open();
    out.count_unless(1, key!("error_run"), error_run.into());
    out.count_unless(0, key!("ping_pong"), signals.ping_pong.into());
    if signals.is_loop {
        out.key(key!("loop"));
        out.bool(true);
    }
    out.close();
}

pub(super) fn error<'e>(out: &mut impl Out<'e>, event: &'e Event) {
    let Some(failure) = &event.failure else { return };
    if failure.type_name.is_none() && failure.fingerprint.is_none() && failure.side.is_none() {
        return;
    }
    out.key(key!("error"));
    out.open();
    if let Some(type_name) = failure.type_name {
        out.text(key!("type"), type_name);
        out.count(key!("chain"), failure.chain_len.into());
    }
    if let Some(fingerprint) = failure.fingerprint {
        out.hash(key!("fingerprint"), fingerprint);
    }
    if let Some(side) = failure.side {
        out.text(key!("fault"), side.as_str());
    }
    out.close();
}

fn intent_record<'e>(out: &mut impl Out<'e>, intent: &'e IntentRecord) {
    out.key(key!("intent"));
    out.open();
    if let Some(text) = &intent.text {
        out.text(key!("text"), text.as_str());
    }
    if let Some(hash) = intent.hash {
        out.hash(key!("hash"), hash);
    }
    if let Some(chars) = intent.chars {
        out.count(key!("chars"), chars);
    }
    out.close();
}

/// An event that stands for itself alone has no weight written.
fn weight<'e>(out: &mut impl Out<'e>, weight: f64) {
    if weight != 1.0 && weight.is_finite() {
        out.key(key!("weight"));
        out.double(weight);
    }
}
