//! Events of the author's own.

use std::fmt;
use std::time::Duration;

use super::add;
use crate::capture::losses::{self, Loss};
use crate::event::{
    self, Caller, ErrorKind, Event, EventId, EventType, Failure, Name, Outcome, Property, Tag,
    Timestamp, Trace,
};
use crate::shape::{Count, Exposed, Reveal};
use crate::watch::{Active, Watch};

/// An event of the author's own, until [`record`](Self::record) hands it on.
///
/// Names and keys have 1 to 32 characters of `a-z`, `0-9`, `_`, `.` and `-`. There are at most 50
/// properties and 50 tags; the same key again replaces the value. What is not valid or one too many is
/// left out and counted in [`Stats::capture_faults`](crate::Stats::capture_faults), and the operator is
/// told of the first one; under a name that is not valid the whole event is left out.
///
/// An event that is dropped instead does nothing.
///
/// ```
/// use std::time::Duration;
/// use toolwatch::{Reveal, Watch};
///
/// struct PageSize(u16);
///
/// impl Reveal for PageSize {
///     const REASON: &'static str = "a page size says nothing about a person";
///     fn reveal(&self) -> Option<toolwatch::Exposed> {
///         Some(toolwatch::Exposed::int(self.0.into()))
///     }
/// }
///
/// # let watch = Watch::disabled();
/// watch
///     .event("index.rebuilt")
///     .property("complete", &true)
///     .property("page_size", &PageSize(20))
///     .count("documents", 1_200_u64)
///     .tag("trigger", "schedule")
///     .duration(Duration::from_secs(3))
///     .record();
/// ```
#[must_use = "an event that is not recorded does nothing"]
pub struct CustomEvent(Option<Draft>);

struct Draft {
    watch: Active,
    event: Box<Event>,
}

impl Watch {
    /// Starts an event of the author's own that belongs to no call: of a trace of its own, and
    /// without a session. Inside a call [`CurrentCall::event`](crate::CurrentCall::event) is what
    /// belongs to it. On a watch that is off it does nothing.
    pub fn event(&self, name: &'static str) -> CustomEvent {
        event::process::notice();
        self.active().map_or_else(CustomEvent::off, |watch| {
            CustomEvent::new(watch, name, Trace::fresh(), Caller::default())
        })
    }
}

impl CustomEvent {
    pub(super) const fn off() -> Self {
        Self(None)
    }

    pub(super) fn new(watch: &Active, name: &'static str, trace: Trace, caller: Caller) -> Self {
        let mut event = event::reused();
        event.event_type = EventType::Custom;
        event.name = Name::from_static(name);
        event.method = "";
        event.outcome = Outcome::Ok;
        (event.trace, event.caller) = (trace, caller);
        Self(Some(Draft { watch: watch.clone(), event }))
    }

    /// Adds a property whose value its type releases. Texts and numbers do not: what they hold may
    /// be about someone. A type that releases `None` adds nothing.
    pub fn property<T: Reveal + ?Sized>(mut self, key: &'static str, value: &T) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.put_property(key, || value.reveal());
        }
        self
    }

    /// Adds a number of things as a property. See [`Count`] for what is one.
    pub fn count(self, key: &'static str, number: impl Into<Count>) -> Self {
        let number: Count = number.into();
        self.property(key, &number)
    }

    /// Adds a tag with a value from the source.
    pub fn tag(mut self, key: &'static str, value: &'static str) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.put_tag(key, || Some(Exposed::name(value)));
        }
        self
    }

    /// Adds a tag whose value its type releases.
    pub fn tag_revealed<T: Reveal + ?Sized>(mut self, key: &'static str, value: &T) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.put_tag(key, || value.reveal());
        }
        self
    }

    /// How long it took. It ends when it is recorded; without this it is a moment.
    pub fn duration(mut self, duration: Duration) -> Self {
        if let Some(draft) = &mut self.0 {
            let nanos = duration.as_nanos();
            draft.event.duration_ns = u64::try_from(nanos).unwrap_or(u64::MAX);
        }
        self
    }

    /// Says that what the event tells of has failed. It is then recorded whatever the sampling rate
    /// is, as every failure is.
    pub fn failed(mut self) -> Self {
        if let Some(draft) = &mut self.0 {
            draft.event.outcome = Outcome::ToolError;
            draft.event.failure = Some(Failure::of_kind(ErrorKind::Flagged));
        }
        self
    }

    /// Records the event. Never fails, and never waits for the network.
    pub fn record(self) {
        let Some(Draft { watch, mut event }) = self.0 else { return };
        if !watch.is_key(Loss::CustomEvent, event.name.as_str()) {
            return;
        }
        losses::guarded(Loss::Event, || {
            let began = Timestamp::now().0.saturating_sub(event.duration_ns);
            event.started = Timestamp(began);
            event.id = EventId::at(event.started);
            watch.record(event);
        });
    }
}

impl Draft {
    fn put_property(&mut self, key: &'static str, reveal: impl FnOnce() -> Option<Exposed>) {
        let properties = &mut self.event.properties;
        let put = |value| Property::new(key, value)?.put_into(properties);
        add(&self.watch, Loss::Property, key, reveal, put);
    }

    fn put_tag(&mut self, key: &'static str, reveal: impl FnOnce() -> Option<Exposed>) {
        let tags = &mut self.event.more_tags;
        let put = |value| Tag::new(key, value)?.put_into(tags);
        add(&self.watch, Loss::Tag, key, reveal, put);
    }
}

/// Names that the author wrote, and whether there is anything.
impl fmt::Debug for CustomEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.as_ref().map(|draft| draft.event.name.as_str());
        f.debug_tuple("CustomEvent").field(&name.unwrap_or("off")).finish()
    }
}
