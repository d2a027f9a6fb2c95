//! The metric families: their names, types and labels, in one table.
//!
//! Names follow the Prometheus conventions (base units, `_total` on counters); those that begin with
//! `mcp_server_` are the OpenTelemetry conventions for MCP in the spelling that its Prometheus
//! exporters use. Everything that reads these names (docs/prometheus) is checked against this table.

use ::prometheus::core::Desc;
use ::prometheus::proto::MetricType;

/// A metric family.
pub(super) struct Family {
    prefix: Prefix,
    name: &'static str,
    pub(super) kind: MetricType,
    pub(super) help: &'static str,
    pub(super) labels: &'static [&'static str],
}

enum Prefix {
    /// The author's namespace.
    Namespace,
    /// The name is a standard's, or toolwatch's own.
    Fixed,
}

impl Family {
    pub(super) fn name(&self, namespace: &str) -> String {
        match self.prefix {
            Prefix::Namespace => format!("{namespace}_{}", self.name),
            Prefix::Fixed => self.name.to_owned(),
        }
    }

    /// What a registry is told of it beforehand; `None` for a name that is none, which a namespace
    /// that was checked cannot make.
    pub(super) fn desc(&self, namespace: &str) -> Option<Desc> {
        let labels = self.labels.iter().map(|&label| label.to_owned()).collect();
        let desc =
            Desc::new(self.name(namespace), self.help.to_owned(), labels, Default::default());
        debug_assert!(desc.is_ok(), "{} cannot be described", self.name);
        desc.ok()
    }
}

macro_rules! families {
    ($( $id:ident = $prefix:ident $name:literal $kind:ident [$($label:literal),*] $help:literal; )*) => {
        $(
            pub(super) const $id: Family = Family {
                prefix: Prefix::$prefix,
                name: $name,
                kind: MetricType::$kind,
                help: $help,
                labels: &[$($label),*],
            };
        )*

        /// All of them.
        pub(super) const ALL: &[Family] = &[$($id),*];
    };
}

families! {
    CALLS = Namespace "tool_calls_total" COUNTER ["tool", "status"]
        "Tool calls that have ended, by how they ended.";
    DURATION = Namespace "tool_duration_seconds" HISTOGRAM ["tool"]
        "How long tool calls took, in seconds.";
    IN_FLIGHT = Namespace "tool_in_flight" GAUGE ["tool"]
        "Tool calls that are under way.";
    CHECKED = Namespace "tool_arguments_checked_total" COUNTER ["tool"]
        "Tool calls whose arguments were checked against the schema of the tool.";
    INVALID = Namespace "tool_arguments_invalid_total" COUNTER ["tool"]
        "Tool calls whose arguments did not fit the schema of the tool.";
    UNKNOWN_KEYS = Namespace "tool_argument_keys_unknown_total" COUNTER ["tool"]
        "Keys of arguments that the schema of the tool does not declare.";
    MISSING_KEYS = Namespace "tool_argument_keys_missing_total" COUNTER ["tool"]
        "Required keys that were absent from arguments.";
    REPEATS = Namespace "tool_repeated_calls_total" COUNTER ["tool"]
        "Tool calls with the arguments of the call before, in one session.";
    LOOPS = Namespace "tool_looping_calls_total" COUNTER ["tool"]
        "Tool calls that are part of a loop.";
    READS = Namespace "resource_reads_total" COUNTER []
        "Reads of resources.";
    REREADS = Namespace "resource_rereads_total" COUNTER []
        "Reads of a resource that the same session had read before.";
    OPERATIONS = Fixed "mcp_server_operation_duration_seconds" HISTOGRAM [
        "mcp_method_name", "gen_ai_tool_name", "gen_ai_prompt_name", "error_type",
        "rpc_response_status_code"
    ] "How long MCP requests and notifications took on the server, in seconds.";
    SESSIONS = Fixed "mcp_server_session_duration_seconds" HISTOGRAM []
        "How long MCP sessions lasted that have ended, in seconds.";
    CAPTURED = Fixed "toolwatch_events_captured_total" COUNTER ["destination", "account"]
        "Events that entered the account of a destination.";
    DELIVERED = Fixed "toolwatch_events_delivered_total" COUNTER ["destination", "account"]
        "Events that a destination acknowledged.";
    SPOOLED = Fixed "toolwatch_events_spooled" GAUGE ["destination", "account"]
        "Events that wait for a destination.";
    DROPPED = Fixed "toolwatch_events_dropped_total" COUNTER ["destination", "account", "reason"]
        "Events that were given up, by reason.";
    REFUSED = Fixed "toolwatch_events_refused_total" COUNTER ["destination", "code"]
        "Events that were given up because of a final status, of HTTP or, up to 16, of gRPC.";
    BATCHES = Fixed "toolwatch_batches_delivered_total" COUNTER ["destination"]
        "Batches that a destination took.";
    RETRIES = Fixed "toolwatch_delivery_retries_total" COUNTER ["destination"]
        "Attempts to deliver a batch that have to be repeated.";
    DISK_ERRORS = Fixed "toolwatch_disk_errors_total" COUNTER ["destination"]
        "Failed operations on files of the spool.";
    MEMORY_FALLBACKS = Fixed "toolwatch_memory_fallbacks_total" COUNTER ["destination"]
        "Events that went to memory because the disk did not take them.";
    BEGINS_MISSED = Fixed "toolwatch_begin_records_missed_total" COUNTER ["destination"]
        "Calls without a begin record although these are on.";
    PANICS = Fixed "toolwatch_panics_total" COUNTER ["destination"]
        "Panics of destinations and callbacks that were contained.";
    THREAD_FAILURES = Fixed "toolwatch_thread_failures_total" COUNTER ["destination"]
        "Threads that the system refused to start.";
    CAPTURE_FAULTS = Fixed "toolwatch_capture_faults_total" COUNTER []
        "Parts of events that were left out because code that capture called failed.";
    UPTIME = Fixed "toolwatch_uptime_seconds" GAUGE []
        "How long the watch has been there, in seconds.";
    BUILD = Fixed "toolwatch_build_info" GAUGE ["version"]
        "The version of toolwatch; always 1.";
}

#[cfg(test)]
mod tests {
    //! The table keeps the conventions that no tool checks.

    use super::*;

    #[test]
    fn every_family_can_be_described_and_no_name_occurs_twice() {
        let mut names: Vec<String> = ALL.iter().map(|family| family.name("mcp")).collect();
        assert!(ALL.iter().all(|family| family.desc("mcp").is_some()));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn counters_and_only_counters_end_in_total() {
        for family in ALL {
            let is_counter = matches!(family.kind, MetricType::COUNTER);
            assert_eq!(family.name.ends_with("_total"), is_counter, "{}", family.name);
        }
    }
}
