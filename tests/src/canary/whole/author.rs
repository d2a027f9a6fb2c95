//! The author's side: hooks that say, fail and panic with needles, notes on calls, and events of the
//! author's own. What they are shown is printed where the suite searches it.

use std::fmt::Debug;
use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use toolwatch::{CurrentCall, Exposed, FieldInfo, Level, RequestInfo, Reveal, Watch, WatchBuilder};

use super::fixed::Fixed;
use super::script::{Hook, Script};

/// Collects what public types print.
#[derive(Clone, Default)]
pub struct Told(Arc<Mutex<String>>);

impl Told {
    /// Adds a text.
    pub fn add(&self, text: impl AsRef<str>) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.push_str(text.as_ref());
        told.push('\n');
    }

    /// Adds what `Debug` prints, plain and pretty.
    pub fn add_debug(&self, value: &dyn Debug) {
        self.add(format!("{value:?}\n{value:#?}"));
    }

    /// All that was told.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A watch's builder with every hook.
pub fn plug(builder: WatchBuilder, told: &Told, fixed: &Fixed) -> WatchBuilder {
    let (for_identity, for_skip, for_session) = (told.clone(), told.clone(), told.clone());
    let (for_levels, secret) = (told.clone(), fixed.words[4].clone());
    builder
        .identify(move |request| {
            for_identity.add_debug(request);
            identify(Script::of(request.meta()))
        })
        .identify_timeout(Duration::from_millis(20))
        .skip_if(move |request| {
            for_skip.add_debug(request);
            let script = Script::of(request.meta());
            answer(script.skip, &script.session).is_some()
        })
        .session_resolver(move |request: &RequestInfo<'_>| {
            for_session.add_debug(request);
            let script = Script::of(request.meta());
            answer(script.resolve, &script.session)
        })
        .lower(move |field| {
            for_levels.add_debug(field);
            lower(field, &secret)
        })
        .intent_filter(filter)
}

/// The text, when the hook says it.
fn answer(hook: Hook, text: &str) -> Option<String> {
    if hook == Hook::Panics {
        std::panic::panic_any(text.to_owned());
    }
    (hook == Hook::Says).then(|| text.to_owned())
}

fn identify(script: Script) -> impl Future<Output = Result<Option<String>, String>> + Send {
    let said = answer(script.identify, &script.identity);
    async move {
        match script.identify {
            Hook::Fails => Err(script.identity),
            Hook::PanicsLater => std::panic::panic_any(script.identity),
            Hook::Hangs => pending().await,
            _ => Ok(said),
        }
    }
}

/// Lowers some fields, and cannot say for others.
fn lower(field: &FieldInfo<'_>, secret: &str) -> Level {
    match field.path().len() % 5 {
        0 => std::panic::panic_any(secret.to_owned()),
        1 => Level::Omit,
        2 => Level::Kind,
        3 => Level::Value,
        _ => field.level(),
    }
}

/// Keeps most intents; withholds some, and panics with others.
fn filter(intent: &str) -> Option<String> {
    match intent.len() % 7 {
        0 => None,
        1 => std::panic::panic_any(intent.to_owned()),
        _ => Some(intent.to_owned()),
    }
}

/// A value that its type releases only when it is empty, which it never is.
struct Withheld(String);

impl Reveal for Withheld {
    const REASON: &'static str = "it never does";

    fn reveal(&self) -> Option<Exposed> {
        self.0.is_empty().then(|| Exposed::bool(true))
    }
}

/// A value whose type cannot say.
struct Undecided(String);

impl Reveal for Undecided {
    const REASON: &'static str = "it never does";

    fn reveal(&self) -> Option<Exposed> {
        std::panic::panic_any(self.0.clone())
    }
}

/// What a handler notes on its call, and tells beside it.
pub fn note(watch: &Watch, current: &CurrentCall, script: &Script, told: &Told) {
    let [a, b, c, d, _] = script.words.clone();
    told.add_debug(current);
    if let Some(session) = current.session() {
        told.add(format!("{session} {session:?}"));
    }
    // A text of a call that the author made static by force; the control character is not valid.
    let forced: &'static str = format!("{a}\u{7}").leak();
    current.tag("forced", forced);
    current.tag_revealed("withheld", &Withheld(b.clone()));
    current.tag_revealed("undecided", &Undecided(c.clone()));
    current.blame_caller();
    for event in [current.event("inside"), watch.event("outside")] {
        let event = event
            .property("withheld", &Withheld(d.clone()))
            .property("undecided", &Undecided(a.clone()))
            .count("words", script.words.len())
            .tag("forced", forced)
            .tag_revealed("withheld", &Withheld(b.clone()));
        told.add_debug(&event);
        event.failed().record();
    }
}
