//! What MCPWatch's schema has no member for.

use super::parts;
use crate::event::encode::json::{Key, Writer, key};
use crate::event::{
    self, Event, Identity, IntentRecord, MAX_TAGS, Property, RequestKey, Signals, Tag,
};

pub(super) fn attributes(json: &mut Writer<'_>, event: &Event, of_watch: &[Tag]) {
    json.key(key!("attributes"));
    json.open();
    json.text(key!("outcome"), event.outcome.as_str());
    error(json, event);
    if let Some(intent) = &event.intent {
        intent_record(json, intent);
    }
    tags(json, event, of_watch);
    properties(json, &event.properties);
    json.count_unless(0, key!("queue_ns"), event.queue_ns);
    link(json, event);
    caller(json, event);
    signals(json, event.signals);
    if let Some(detail) = &event.detail {
        super::detail::detail(json, detail);
    }
    weight(json, event.weight);
    json.close();
}

fn tags(json: &mut Writer<'_>, event: &Event, of_watch: &[Tag]) {
    if of_watch.is_empty() && event.tags.is_empty() && event.more_tags.is_empty() {
        return;
    }
    json.key(key!("tags"));
    json.open();
    for (key, value) in event::tags(event, of_watch).take(MAX_TAGS) {
        json.foreign_key(key);
        json.string(value);
    }
    json.close();
}

fn properties(json: &mut Writer<'_>, properties: &[Property]) {
    if properties.is_empty() {
        return;
    }
    json.key(key!("properties"));
    json.open();
    for property in properties {
        json.foreign_key(property.key.as_str());
        parts::exposed(json, property.value);
    }
    json.close();
}

fn link(json: &mut Writer<'_>, event: &Event) {
    unsampled(json, key!("trace_sampled"), event.trace.is_sampled);
    let Some(link) = event.trace.link else { return };
    json.key(key!("link"));
    json.open();
    json.hex(key!("trace_id"), &link.trace_id);
    json.hex(key!("span_id"), &link.span_id);
    unsampled(json, key!("sampled"), link.is_sampled);
    json.close();
}

/// Traces are sampled unless somebody says that they are not.
fn unsampled(json: &mut Writer<'_>, key: Key, is_sampled: bool) {
    if !is_sampled {
        json.key(key);
        json.bool(false);
    }
}

/// The id of the request: a number as it is, a text as its keyed hash.
pub(super) fn request_id(json: &mut Writer<'_>, event: &Event) {
    match event.request_id {
        Some(RequestKey::Number(number)) => {
            json.key(key!("request_id"));
            json.integer(number);
        }
        Some(RequestKey::Hash(hash)) => json.hash(key!("request_id"), hash),
        None => {}
    }
}

/// What tells this request and its caller from others.
fn caller(json: &mut Writer<'_>, event: &Event) {
    request_id(json, event);
    if event.is_continuation {
        json.key(key!("continuation"));
        json.bool(true);
    }
    if let Some(version) = event.caller.http_version {
        json.text(key!("http_version"), version.as_str());
    }
    if let Some(session) = event.caller.session {
        json.key(key!("session"));
        json.open();
        json.hash(key!("key"), session.value);
        json.text(key!("source"), session.source.as_str());
        json.text(key!("confidence"), session.confidence.as_str());
        json.close();
    }
    if let Some(identity) = &event.caller.identity {
        json.key(key!("identity"));
        json.open();
        match identity {
            Identity::Hash(hash) => json.hash(key!("hash"), *hash),
            Identity::Label(label) => json.text(key!("label"), label.as_str()),
        }
        json.close();
    }
}

/// A first failure is none in a row, as a first call is no repeat: both are the default.
fn signals(json: &mut Writer<'_>, signals: Signals) {
    let error_run = signals.error_run.max(1);
    if (error_run, signals.ping_pong, signals.is_loop) == (1, 0, false) {
        return;
    }
    json.key(key!("signals"));
    json.open();
    json.count_unless(1, key!("error_run"), error_run.into());
    json.count_unless(0, key!("ping_pong"), signals.ping_pong.into());
    if signals.is_loop {
        json.key(key!("loop"));
        json.bool(true);
    }
    json.close();
}

pub(super) fn error(json: &mut Writer<'_>, event: &Event) {
    let Some(failure) = &event.failure else { return };
    if failure.type_name.is_none() && failure.fingerprint.is_none() && failure.side.is_none() {
        return;
    }
    json.key(key!("error"));
    json.open();
    if let Some(type_name) = failure.type_name {
        json.text(key!("type"), type_name);
        json.count(key!("chain"), failure.chain_len.into());
    }
    if let Some(fingerprint) = failure.fingerprint {
        json.hash(key!("fingerprint"), fingerprint);
    }
    if let Some(side) = failure.side {
        json.text(key!("fault"), side.as_str());
    }
    json.close();
}

fn intent_record(json: &mut Writer<'_>, intent: &IntentRecord) {
    json.key(key!("intent"));
    json.open();
    if let Some(text) = &intent.text {
        json.text(key!("text"), text.as_str());
    }
    if let Some(hash) = intent.hash {
        json.hash(key!("hash"), hash);
    }
    if let Some(chars) = intent.chars {
        json.count(key!("chars"), chars);
    }
    json.close();
}

/// An event that stands for itself alone has no weight written.
fn weight(json: &mut Writer<'_>, weight: f64) {
    use std::io::Write as _;
    if weight != 1.0 && weight.is_finite() {
        json.key(key!("weight"));
        let _ = write!(json.0, "{weight}");
    }
}
