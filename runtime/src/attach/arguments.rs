//! Reads the shape of a call's arguments by the policy of its tool, for the attribute and for the
//! wrapper alike.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::Entry;
use crate::capture::losses::{self, Loss};
use crate::capture::size;
use crate::event::{Arguments, Event};
use crate::watch::Active;

impl Entry {
    /// The shape of a call's arguments, without the intent, which has to be taken out before.
    ///
    /// The arguments are the same afterwards; no copy is made. A call without arguments is captured
    /// as one with an empty object.
    pub(crate) fn capture_arguments(
        &self,
        arguments: &mut Option<JsonObject>,
        watch: &Active,
    ) -> Arguments {
        let object = arguments.take();
        let was_absent = object.is_none();
        // The validator wants a `Value`, so the object becomes one for a while.
        let value = Value::Object(object.unwrap_or_default());
        let (captured, may_be_deep) = self.measure(&value, watch);
        #[cfg(not(feature = "schema"))]
        let _ = may_be_deep;
        #[cfg(feature = "schema")]
        let captured = self.check(&value, watch, captured, may_be_deep);
        if let (Value::Object(object), false) = (value, was_absent) {
            *arguments = Some(object);
        }
        captured
    }

    /// The same with what the schema says of the arguments.
    #[cfg(feature = "schema")]
    fn check(
        &self,
        value: &Value,
        watch: &Active,
        mut captured: Arguments,
        may_be_deep: bool,
    ) -> Arguments {
        let Some(validator) = self.validator() else { return captured };
        (captured.schema_valid, captured.schema_fault) =
            self.with_plan(watch, |plan| validator.check_walked(value, plan, may_be_deep));
        captured
    }

    /// Writes what is said of the tool, and the call's arguments and intent by its policy. What was
    /// captured before by another policy is replaced; its repeats stay, because they are counted.
    pub(crate) fn describe(
        &self,
        event: &mut Event,
        arguments: &mut Option<JsonObject>,
        watch: &Active,
        intent: Option<&str>,
    ) {
        event.name = self.name();
        event.tags = self.spec().tags;
        let mut captured = self.capture_arguments(arguments, watch);
        let before = event.arguments.take();
        if let Some(before) = &before {
            captured.repeat_run = before.repeat_run;
            captured.repeat_window = before.repeat_window;
        }
        event.arguments = Some(captured);
        if before.is_none() {
            watch.observe_start(event);
        }
        let record = |text: &str| watch.record_intent(text, self.spec().intent.max_chars);
        event.intent = intent.and_then(record).or(event.intent.take());
    }

    /// The second value is whether the arguments may be nested too deep: only a walk that came to
    /// its end knows.
    fn measure(&self, value: &Value, watch: &Active) -> (Arguments, bool) {
        let mut captured = Arguments::default();
        let Value::Object(object) = value else { return (captured, true) };
        let measure = || {
            self.with_plan(watch, |plan| {
                let lengths = watch.lengths();
                self.with_hasher(watch, |hasher| {
                    plan.capture(object, hasher, lengths, &mut captured)
                })
            })
        };
        match losses::guarded(Loss::Shape, measure) {
            Some(is_too_deep) => (captured, is_too_deep),
            None => (Arguments::default(), true),
        }
    }
}

/// What is known of arguments that nothing declares: how many there are, and their size.
pub(crate) fn capture_undeclared(watch: &Active, arguments: &mut Option<JsonObject>) -> Arguments {
    let Some(object) = arguments.take() else { return Arguments::default() };
    let keys = u32::try_from(object.len()).unwrap_or(u32::MAX);
    let value = Value::Object(object);
    let bytes = losses::guarded(Loss::Shape, || size::of_value(&value)).unwrap_or_default();
    if let Value::Object(object) = value {
        *arguments = Some(object);
    }
    Arguments { bytes: watch.lengths().of(bytes), keys, unknown_keys: keys, ..Arguments::default() }
}
