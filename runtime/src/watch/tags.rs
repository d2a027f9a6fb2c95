//! The tags of a watch, which every event has, and what becomes of tags that cannot be recorded.

use std::sync::atomic::Ordering;

use super::{Active, WatchBuilder};
use crate::capture::losses::{self, Loss};
use crate::error::Error;
use crate::event::{
    self, Event, KEY_RULE, Label, MAX_TAGS, Name, TOO_MANY, Tag, TagValue, VALUE_RULE,
};

impl WatchBuilder {
    /// Puts a tag on every event of the watch, such as the region or the release that it runs in.
    /// The same key again replaces the value; an empty value counts as unset.
    ///
    /// A key has 1 to 32 characters of `a-z`, `0-9`, `_`, `.` and `-`. A value has at most 200
    /// characters, and no control or formatting characters. There are at most 50 tags. Anything else
    /// is an error of [`build`](Self::build). A tag that `#[watched_tool]` gives a tool, or that is
    /// set at run time, holds against one of the watch with the same key.
    ///
    /// ```
    /// # let _ =
    /// toolwatch::Watch::builder().tag("region", "eu-west-1").tag("release", "2026.11");
    /// ```
    pub fn tag(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((key.into(), value.into()));
        self
    }
}

/// Checks the tags of a builder.
pub(super) fn compile(written: &[(String, String)]) -> Result<Vec<Tag>, Error> {
    let mut tags: Vec<Tag> = Vec::new();
    for (key, value) in written {
        if !event::is_key(key) {
            return Err(Error::configuration(
                "the key of a tag has 1 to 32 characters of a-z, 0-9, `_`, `.` and `-`",
            ));
        }
        let key = Name::register(key);
        tags.retain(|tag| tag.key != key);
        if value.is_empty() {
            continue;
        }
        let value = TagValue::new(value.clone()).ok_or(Error::configuration(VALUE_RULE))?;
        tags.push(Tag { key, value });
    }
    if tags.len() > MAX_TAGS {
        return Err(Error::configuration("a watch has at most 50 tags"));
    }
    Ok(tags)
}

impl Active {
    /// The tags that every event has.
    pub(crate) fn tags(&self) -> &[Tag] {
        &self.settings().tags
    }

    /// Counts the tags of an event that are over the bound.
    pub(super) fn count_tags_over(&self, event: &Event) {
        let of_watch = self.tags();
        if of_watch.len() + event.tags.len() + event.more_tags.len() > MAX_TAGS {
            let over = event::tags(event, of_watch).skip(MAX_TAGS);
            over.for_each(|(key, _)| self.leave_out(Loss::Tag, key, TOO_MANY));
        }
    }

    /// Counts a tag, a property or an event of the author's that is not recorded. The operator is
    /// told of the first one.
    pub(crate) fn leave_out(&self, loss: Loss, name: &str, why: &str) {
        losses::count(loss);
        if !self.has_left_out().swap(true, Ordering::Relaxed) {
            let message = "a tag, a property or an event of the author's is left out";
            let name = Label::clean(name);
            self.report(&Error::of_name(message, name.as_str(), why));
        }
    }

    /// Whether this is a key or name that can be recorded. One that is not is counted.
    pub(crate) fn is_key(&self, loss: Loss, key: &str) -> bool {
        let is_key = event::is_key(key);
        if !is_key {
            self.leave_out(loss, key, KEY_RULE);
        }
        is_key
    }
}
