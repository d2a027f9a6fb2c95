//! Stand-in until the capture core lands.
#![allow(dead_code, unused_variables, reason = "stand-in")]

pub(crate) mod plan {
    //! Stand-in.
    use super::hash::Hasher;
    use crate::event::Arguments;
    use crate::shape::{Exposed, Level, TypeShape};
    use rmcp::model::JsonObject;
    /// One rule.
    #[derive(Clone, Copy, Debug)]
    pub struct Rule {
        /// Path.
        pub path: &'static [&'static str],
        /// Level.
        pub level: Option<Level>,
        /// Volatile.
        pub volatile: bool,
    }
    #[derive(Debug)]
    pub(crate) struct Plan;
    #[derive(Clone, Copy, Debug, Default)]
    pub enum Lengths { #[default] Exact, Buckets }
    impl Plan {
        pub(crate) fn compile(schema: &JsonObject, shape: Option<fn() -> TypeShape>, rules: &[Rule]) -> Self { Self }
        pub(crate) fn capture(&self, args: &JsonObject, hasher: &Hasher, lengths: Lengths, out: &mut Arguments) {
            out.keys = args.len() as u32;
        }
        pub(crate) fn expose(&self, rule_index: usize, value: Exposed, out: &mut Arguments) {}
    }
}
pub(crate) mod hash {
    //! Stand-in.
    #[derive(Clone)]
    pub(crate) struct InstallKey;
    impl InstallKey {
        pub(crate) fn load_or_create(dir: &std::path::Path) -> std::io::Result<Self> { Ok(Self) }
        pub(crate) fn ephemeral() -> Self { Self }
    }
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum HashMode { #[default] Keyed, PythonSha256 }
    #[derive(Clone)]
    pub(crate) struct Hasher;
    impl Hasher { pub(crate) fn text(&self, d: &str, t: &str) -> u64 { 0 } pub(crate) fn new(key: &InstallKey, tool: &str, mode: HashMode) -> Self { Self } }
}
pub(crate) mod intent {
    //! Stand-in.
    use rmcp::model::JsonObject;
    use std::sync::Arc;
    #[derive(Clone, Copy, Debug)]
    pub struct IntentSpec { pub mode: IntentMode, pub text: Option<&'static str>, pub max_chars: usize }
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum IntentMode { Off, Optional, Required }
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum IntentLevel { Off, Len, Hash, #[default] Text }
    pub(crate) fn take(args: &mut JsonObject) -> Option<String> { args.remove("context"); None }
    pub(crate) fn record(text: &str, max: usize, level: IntentLevel, key: &super::hash::InstallKey, filter: Option<&(dyn Fn(&str) -> Option<String> + Send + Sync)>) -> Option<crate::event::IntentRecord> { None }
    pub(crate) struct Injection { pub(crate) schema: Arc<JsonObject>, pub(crate) injected: bool }
    pub(crate) fn inject(schema: &Arc<JsonObject>, spec: &IntentSpec) -> Injection {
        Injection { schema: schema.clone(), injected: false }
    }
}

pub(crate) mod repeat {
    #[derive(Default)]
    pub(crate) struct Repeat { pub(crate) run: u32, pub(crate) window: u32 }
    pub(crate) struct Tracker;
    impl Tracker { pub(crate) fn new() -> Self { Self } pub(crate) fn observe(&self, s: u64, h: u64) -> Repeat { Repeat::default() } }
}
pub(crate) mod context {
    use crate::event::{Caller, Trace, Transport};
    use rmcp::service::{RequestContext, RoleServer};
    pub(crate) fn read(r: &RequestContext<RoleServer>, key: &super::hash::InstallKey, t: Transport) -> (Trace, Caller) {
        (Trace { trace_id: [1; 16], span_id: [1; 8], parent_span_id: None }, Caller::default())
    }
    pub(crate) fn repeat_scope(c: &Caller) -> u64 { 0 }
    pub(crate) fn transport_of_process() -> Transport { Transport::Unknown }
}
pub(crate) mod failure {
    pub struct Fault { pub(crate) type_name: &'static str, pub(crate) chain_len: u32 }
    impl Fault {
        pub(crate) fn of_error(e: &dyn std::error::Error, type_name: &'static str) -> Self { Self { type_name, chain_len: 1 } }
        pub(crate) fn of_display(e: &dyn std::fmt::Display, type_name: &'static str) -> Self { Self { type_name, chain_len: 1 } }
        pub(crate) fn of_type(type_name: &'static str) -> Self { Self { type_name, chain_len: 1 } }
    }
    pub(crate) fn fingerprint(k: crate::event::ErrorKind, c: Option<i32>, f: Option<&Fault>, h: &super::hash::Hasher) -> u64 { 0 }
}
pub(crate) mod result {
    pub(crate) fn measure(r: &rmcp::model::CallToolResponse) -> crate::event::ResultShape { Default::default() }
}
pub(crate) mod schema {
    use crate::event::SchemaFault;
    pub(crate) struct Validator;
    impl Validator {
        pub(crate) fn compile(s: &rmcp::model::JsonObject) -> Option<Self> { None }
        pub(crate) fn check(&self, v: &serde_json::Value, p: &super::plan::Plan) -> (Option<bool>, Option<SchemaFault>) { (None, None) }
    }
}
