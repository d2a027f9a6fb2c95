//! For whom files wait. Their names tell it, so that a destination finds its own events again
//! whatever the order and number of destinations was when they were written, and leaves those of
//! others alone: see `docs/adr/009-names-of-files-tell-their-destination.md`.

use std::path::PathBuf;
use std::sync::Arc;

/// The tag of a local record that no destination ever had: it is no destination's name.
const RECORD: &str = "@local";

/// Whose files a spool writes, and where those may be that it wrote when it stood elsewhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owner {
    /// Behind the dot of a file's name; none writes and takes names without one.
    tag: Option<Arc<str>>,
    elsewhere: Option<Place>,
}

/// A directory in which a spool looks for what it left.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(super) directory: PathBuf,
    /// Whether files without a tag, of versions before there were tags, are this spool's.
    pub(super) takes_untagged: bool,
    /// Whether delivered segments stay as a local record.
    pub(super) keep_delivered: bool,
}

impl Place {
    /// A directory of one destination alone.
    pub(crate) const fn of_one(directory: PathBuf) -> Self {
        Self { directory, takes_untagged: true, keep_delivered: false }
    }

    /// The directory of the first destination, which may have a local record.
    pub(crate) const fn of_first(directory: PathBuf, keep_delivered: bool) -> Self {
        Self { directory, takes_untagged: false, keep_delivered }
    }
}

impl Owner {
    /// The events of a destination with this name.
    pub(crate) fn destination(name: &str) -> Self {
        let is_plain = crate::event::is_key(name) && !name.starts_with('.');
        let tag = if is_plain { name.to_owned() } else { format!("@{:016x}", fnv1a(name)) };
        Self { tag: Some(tag.into()), elsewhere: None }
    }

    /// Events that are kept, and go nowhere.
    pub(crate) fn record() -> Self {
        Self { tag: Some(RECORD.into()), elsewhere: None }
    }

    /// Looks for its files in one more directory.
    pub(crate) fn with_elsewhere(mut self, place: Place) -> Self {
        self.elsewhere = Some(place);
        self
    }

    pub(super) const fn elsewhere(&self) -> Option<&Place> {
        self.elsewhere.as_ref()
    }

    /// What stands between a new file's id and its ending.
    pub(super) fn infix(&self) -> String {
        self.tag.as_ref().map_or_else(String::new, |tag| format!(".{tag}"))
    }

    /// Whether the file with this name, without its ending, is this spool's.
    pub(super) fn owns(&self, name: &str, takes_untagged: bool) -> bool {
        tag(name).map_or(takes_untagged, |of| self.tag.as_deref() == Some(of))
    }

    /// Whether this spool tells of calls that died with a process that kept a record alone: nobody
    /// else would.
    pub(super) fn tells_of(&self, name: &str, takes_untagged: bool) -> bool {
        self.owns(name, takes_untagged) || takes_untagged && tag(name) == Some(RECORD)
    }

    /// Whether these are events of a record that was never to be sent, and this spool sends.
    pub(super) fn is_old_record(&self, name: &str) -> bool {
        tag(name) == Some(RECORD) && self.tag.as_deref() != Some(RECORD)
    }
}

/// An id has no dot.
fn tag(name: &str) -> Option<&str> {
    name.split_once('.').map(|(_, tag)| tag)
}

/// A name that is no folder's need only be told from others.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(owner: &Owner, name: &str, owns: bool, tells: bool, old: bool) {
        let found = (owner.owns(name, true), owner.tells_of(name, true), owner.is_old_record(name));
        assert_eq!(found, (owns, tells, old), "{name}");
    }

    #[test]
    fn a_spool_owns_its_tag_and_where_it_may_what_has_none() {
        let otlp = Owner::destination("otlp");
        check(&otlp, "id", true, true, false);
        check(&otlp, "id.otlp", true, true, false);
        check(&otlp, "id.otlp.2", false, false, false);
        check(&otlp, "id.ingest", false, false, false);
        check(&otlp, "id.@local", false, true, true);
        assert!(!otlp.owns("id", false) && !otlp.tells_of("id.@local", false));
        let record = Owner::record();
        check(&record, "id.@local", true, true, false);
        check(&record, "id.otlp", false, false, false);
        check(&Owner::default(), "id", true, true, false);
        check(&Owner::default(), "id.otlp", false, false, false);
    }

    #[test]
    fn any_name_is_a_tag_that_a_file_can_have() {
        assert_eq!(Owner::default().infix(), "");
        assert_eq!(Owner::destination("a.b").infix(), ".a.b");
        for name in ["Any name", "", "..", "@local", "ü/ü"] {
            let infix = Owner::destination(name).infix();
            assert!(infix.len() == 18 && infix.starts_with(".@"), "{infix}");
            assert!(infix.bytes().all(|b| b.is_ascii_alphanumeric() || b".@".contains(&b)));
        }
        assert_ne!(Owner::destination("A").infix(), Owner::destination("B").infix());
    }
}
