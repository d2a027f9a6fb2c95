//! Reads the shape of a call's arguments by the policy of its tool.

use rmcp::model::JsonObject;
use serde_json::Value;

use super::Entry;
use crate::capture::losses::{self, Loss};
use crate::event::Arguments;
use crate::watch::Active;

impl Entry {
    /// The shape of a call's arguments, without the intent, which has to be taken out before.
    ///
    /// The arguments are the same afterwards; no copy is made. A call without arguments is captured
    /// as one with an empty object. `session` scopes the count of repeats.
    pub(crate) fn capture_arguments(
        &self,
        arguments: &mut Option<JsonObject>,
        watch: &Active,
        session: u64,
    ) -> Arguments {
        let object = arguments.take();
        let was_absent = object.is_none();
        // The validator wants a `Value`, so the object becomes one for a while.
        let value = Value::Object(object.unwrap_or_default());
        let mut captured = self.measure(&value, watch);
        #[cfg(feature = "schema")]
        if let Some(validator) = self.validator() {
            (captured.schema_valid, captured.schema_fault) = validator.check(&value, self.plan());
        }
        if let (Value::Object(object), false) = (value, was_absent) {
            *arguments = Some(object);
        }
        if let Some(hash) = captured.hash {
            let repeat = watch.observe_repeat(session, hash);
            (captured.repeat_run, captured.repeat_window) = (repeat.run, repeat.window);
        }
        captured
    }

    fn measure(&self, value: &Value, watch: &Active) -> Arguments {
        let mut captured = Arguments::default();
        let Value::Object(object) = value else { return captured };
        let measure = || {
            self.with_hasher(watch, |hasher| {
                self.plan().capture(object, hasher, watch.lengths(), &mut captured);
            });
        };
        if losses::guarded(Loss::Shape, measure).is_none() {
            captured = Arguments::default();
        }
        captured
    }
}
