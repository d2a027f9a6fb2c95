//! What is left out, to the number, and what a handle and a builder print.

use super::*;
use crate::Watch;
use crate::local::{Reader, Record};
use crate::shape::Reveal;

/// A type whose author's code panics.
struct Broken;

impl Reveal for Broken {
    const REASON: &'static str = "for the test";
    fn reveal(&self) -> Option<Exposed> {
        panic!("in reveal")
    }
}

/// A name that is too long for an event.
struct Long;

impl Reveal for Long {
    const REASON: &'static str = "for the test";
    fn reveal(&self) -> Option<Exposed> {
        const NAME: [u8; 201] = [b'x'; 201];
        Some(Exposed::name(std::str::from_utf8(&NAME).unwrap_or_default()))
    }
}

fn started() -> (tempfile::TempDir, Watch) {
    let directory = tempfile::tempdir().expect("a directory");
    let builder = Watch::builder().environment(|_| None).on_error(|_| {});
    let watch = builder.local().directory(directory.path()).build().expect("a watch");
    (directory, watch)
}

fn records(directory: &tempfile::TempDir) -> Vec<Record> {
    Reader::open(directory.path()).expect("a record").into_iter().collect()
}

#[test]
fn f1_each_thing_that_is_left_out_is_counted_once() {
    let (directory, watch) = started();
    let counted = || [Loss::Tag, Loss::Property, Loss::CustomEvent].map(losses::counted);
    assert_eq!(counted(), [0; 3]);
    let event = watch.event("event").tag("", "x").tag("a", "\u{202e}").tag_revealed("b", &Long);
    event.property("a b", &true).property("long", &Long).property("ok", &true).record();
    assert_eq!(counted(), [3, 2, 0]);
    let too_long = "n23456789_123456789_123456789_123";
    watch.event(too_long).property("ok", &true).record();
    watch.event("").record();
    assert_eq!(counted(), [3, 2, 2]);
    // What says nothing is not lost, and an event that nobody records is none.
    watch
        .event("event")
        .property("none", &None::<bool>)
        .tag_revealed("none", &None::<bool>)
        .record();
    let _ = watch.event("Never Recorded");
    assert_eq!(counted(), [3, 2, 2]);
    let records = records(&directory);
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].attributes.properties, serde_json::json!({ "ok": true }));
    assert!(records[0].attributes.tags.is_null() && records[1].attributes.properties.is_null());
    assert_eq!(watch.stats().own().captured(), 2);
}

#[test]
fn f3_a_type_that_panics_costs_its_own_value() {
    let (directory, watch) = started();
    let event = watch.event("event").property("broken", &Broken).tag_revealed("broken", &Broken);
    event.count("after", 1_u32).record();
    let attributes = &records(&directory)[0].attributes;
    assert_eq!(attributes.properties, serde_json::json!({ "after": 1 }));
    assert!(attributes.tags.is_null());
}

#[test]
fn a11_nothing_prints_a_value() {
    let (_directory, watch) = started();
    let event = watch.event("paid").tag("plan", "needle").count("items", 777_u64);
    assert_eq!(format!("{event:?}"), "CustomEvent(\"paid\")");
    assert_eq!(format!("{:?}", Watch::disabled().event("paid")), "CustomEvent(\"off\")");
}
