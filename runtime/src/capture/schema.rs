//! Whether arguments fit the schema that the tool advertises.
//!
//! A validator's messages and instance paths quote values. What leaves is the keyword, from a
//! closed list, and the path through names that the schema declares.

use jsonschema::{PatternOptions, ValidationError};
use rmcp::model::JsonObject;
use serde_json::Value;

use super::losses::{self, Loss};
use super::plan::Plan;
use super::{canonical, size};
use crate::event::SchemaFault;

/// How much work a pattern may make of one string before the check is given up.
const MAX_BACKTRACKS: usize = 10_000;

/// Every keyword that may be named.
const KEYWORDS: &[&str] = &[
    "$ref",
    "additionalItems",
    "additionalProperties",
    "anyOf",
    "const",
    "contains",
    "contentEncoding",
    "contentMediaType",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "falseSchema",
    "format",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "multipleOf",
    "not",
    "oneOf",
    "pattern",
    "propertyNames",
    "required",
    "type",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
];

/// The compiled schema of one tool.
#[derive(Debug)]
pub(crate) struct Validator {
    compiled: jsonschema::Validator,
}

impl Validator {
    /// Compiles a schema; `None` when it is none, or refers to another document.
    pub(crate) fn compile(schema: &JsonObject) -> Option<Self> {
        let schema = Value::Object(schema.clone());
        let build = || {
            jsonschema::options()
                .offline()
                .should_validate_formats(false)
                .should_ignore_unknown_formats(true)
                .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(MAX_BACKTRACKS))
                .build(&schema)
                .ok()
        };
        Some(Self { compiled: guarded(build)?? })
    }

    /// Whether the arguments fit, and where first they do not. Both are `None` when the
    /// arguments are nested too deep for a recursive check.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn check(&self, args: &Value, plan: &Plan) -> (Option<bool>, Option<SchemaFault>) {
        self.check_walked(args, plan, true)
    }

    /// The same for arguments of which a walk has told whether they may be too deep.
    pub(crate) fn check_walked(
        &self,
        args: &Value,
        plan: &Plan,
        may_be_deep: bool,
    ) -> (Option<bool>, Option<SchemaFault>) {
        if may_be_deep && size::is_deeper(args, canonical::MAX_DEPTH) {
            return (None, None);
        }
        match guarded(|| self.compiled.is_valid(args)) {
            Some(false) => (Some(false), guarded(|| self.fault(args, plan)).flatten()),
            valid => (valid, None),
        }
    }

    #[cold]
    fn fault(&self, args: &Value, plan: &Plan) -> Option<SchemaFault> {
        let error = self.compiled.validate(args).err()?;
        let path = plan.mask(error.instance_path().as_str());
        Some(SchemaFault { keyword: keyword(&error), path })
    }
}

fn keyword(error: &ValidationError<'_>) -> &'static str {
    let named = error.kind().keyword();
    KEYWORDS.iter().find(|keyword| **keyword == named).copied().unwrap_or("other")
}

fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    losses::guarded(Loss::SchemaCheck, work)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::capture::sample::{self, object};

    fn schema() -> JsonObject {
        object(json!({
            "type": "object",
            "properties": {
                "q": {"type": "string", "maxLength": 5, "pattern": "^[a-z]*$", "format": "email"},
                "rows": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
                "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                "deep": {"$ref": "#/$defs/Deep"},
            },
            "required": ["q"],
            "additionalProperties": false,
            "$defs": {"Deep": {"type": "array", "items": {"$ref": "#/$defs/Deep"}}},
        }))
    }

    #[track_caller]
    fn check(args: Value, expected: Option<(&str, &str)>) {
        let plan = Plan::compile(&schema(), None, &[]);
        let (valid, fault) = Validator::compile(&schema()).unwrap().check(&args, &plan);
        assert_eq!(valid, Some(expected.is_none()));
        assert_eq!(fault.map(|fault| (fault.keyword, fault.path.as_str())), expected);
    }

    #[test]
    fn faults_are_told_by_keyword_and_declared_path() {
        check(json!({"q": "ann"}), None);
        check(json!({}), Some(("required", "")));
        check(json!({"q": 7}), Some(("type", "q")));
        check(json!({"q": "abcdef"}), Some(("maxLength", "q")));
        check(json!({"q": "A"}), Some(("pattern", "q")));
        check(json!({"q": "", "patient 7": 1}), Some(("additionalProperties", "")));
        check(json!({"q": "", "rows": [{"n": 1}, {"n": "x"}]}), Some(("type", "rows.*.n")));
        check(json!({"q": "", "headers": {"x-ann": 1}}), Some(("type", "headers.*")));
    }

    #[test]
    fn a_schema_that_is_none_or_elsewhere_has_no_validator() {
        assert!(Validator::compile(&object(json!({"type": 7}))).is_none());
        assert!(
            Validator::compile(&object(json!({"$ref": "http://127.0.0.1:9/x.json"}))).is_none()
        );
    }

    #[test]
    fn arguments_too_deep_to_check_have_no_answer() {
        let plan = Plan::compile(&schema(), None, &[]);
        let mut args = object(json!({"q": ""}));
        args.insert("deep".into(), sample::nested(10_000));
        let args = Value::Object(args);
        let (valid, fault) = Validator::compile(&schema()).unwrap().check(&args, &plan);
        assert!(valid.is_none() && fault.is_none());
        sample::dismantle(args);
    }
}
