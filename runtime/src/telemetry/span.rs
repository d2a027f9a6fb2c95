//! One event as one span: its name, its kind, its attributes, and whether it failed.
//!
//! It sees what the event is encoded as and nothing else, so it cannot tell more than that does. The
//! mapping, member by member, is in `docs/guides/otlp.md`.

use super::attribute::Path;
use super::{Attributes, Node};
use crate::event::Outcome;
use crate::semconv::otel;

/// An event as the conventions describe it.
pub(crate) struct Description<'a> {
    event: &'a Node<'a>,
    /// The method of a request or a notification; `None` for the start and the end of a session and
    /// for events of the author's own, which the conventions do not know.
    method: Option<&'a str>,
}

impl<'a> Description<'a> {
    /// `None` when the event is damaged.
    pub(crate) fn read(event: &'a Node<'a>) -> Option<Self> {
        let is_of_session = matches!(event["event_type"].as_str()?, "session_start" | "close");
        let method = event["mcp_method"].as_str().filter(|_| !is_of_session);
        Some(Self { event, method })
    }

    /// Whether this is work for a client: the kind `SERVER`, and else `INTERNAL`.
    pub(crate) const fn is_server(&self) -> bool {
        self.method.is_some()
    }

    /// The method and its target; only tools and prompts are targets, because there are few.
    pub(crate) fn name(&self) -> String {
        let name = self.event["event_name"].as_str().unwrap_or_default();
        match self.method {
            Some(method @ ("tools/call" | "prompts/get")) => format!("{method} {name}"),
            Some(method) => method.to_owned(),
            None => name.to_owned(),
        }
    }

    fn outcome(&self) -> Option<Outcome> {
        Outcome::parse(self.event["attributes"]["outcome"].as_str()?)
    }

    /// The JSON-RPC code of the reply.
    fn code(&self) -> Option<i64> {
        self.event["error_code"].as_i64()
    }

    /// The code of an error in full: on a span no number of values is too many.
    pub(crate) fn error_type(&self) -> Option<String> {
        let (outcome, code) = (self.outcome()?, self.code());
        let known = outcome.error_type(code.and_then(|code| i32::try_from(code).ok()))?;
        Some(match code {
            Some(code) if known == "_OTHER" => code.to_string(),
            _ => known.to_owned(),
        })
    }

    pub(crate) fn attributes(&self, to: &mut impl Attributes) {
        self.conventions(to);
        match self.method {
            Some("tools/call") => self.of_tool(to),
            Some(method) if method.starts_with("resources/") => self.of_resource(to),
            _ => {}
        }
        self.own(to);
    }

    /// What the conventions have a name for, but for resources.
    pub(crate) fn conventions(&self, to: &mut impl Attributes) {
        let event = self.event;
        let name = &event["event_name"];
        if let Some(method) = self.method {
            to.text(otel::METHOD_NAME, method);
        }
        match self.method {
            Some("tools/call") => {
                to.member(otel::TOOL_NAME, name);
                to.text(otel::OPERATION_NAME, otel::EXECUTE_TOOL);
            }
            Some("prompts/get") => to.member(otel::PROMPT_NAME, name),
            _ => {}
        }
        match &event["attributes"]["request_id"] {
            Node::Int(number) => to.text(otel::REQUEST_ID, &number.to_string()),
            id => to.member(otel::REQUEST_ID, id),
        }
        if let Some(code) = self.code() {
            to.text(otel::STATUS_CODE, &code.to_string());
        }
        if let Some(error_type) = self.error_type() {
            to.text(otel::ERROR_TYPE, &error_type);
        }
        to.member(otel::PROTOCOL_VERSION, &event["mcp_protocol_version"]);
        let session = &event["attributes"]["session"];
        if session["source"] == "http_header" {
            to.member(otel::SESSION_ID, &session["key"]);
        }
        let (transport, protocol) = match event["transport_type"].as_str() {
            Some("stdio") => (Some("pipe"), None),
            Some("streamable-http" | "sse") => (Some("tcp"), Some("http")),
            Some("websocket") => (Some("tcp"), Some("websocket")),
            _ => (None, None),
        };
        transport.into_iter().for_each(|transport| to.text(otel::NETWORK_TRANSPORT, transport));
        protocol.into_iter().for_each(|protocol| to.text(otel::NETWORK_PROTOCOL, protocol));
        if protocol == Some("http") {
            to.member(otel::NETWORK_PROTOCOL_VERSION, &event["attributes"]["http_version"]);
        }
    }

    fn of_tool(&self, to: &mut impl Attributes) {
        let (arguments, result) = (&self.event["request_params"], &self.event["response_content"]);
        to.member(otel::GUIDE_TOOL_NAME, &self.event["event_name"]);
        let mut path = Path::new(otel::TOOL_ARGS);
        for (name, field) in arguments["fields"].members() {
            path.with(name, |path| {
                let len = if field["type"] == "string" { "length" } else { "count" };
                path.member(to, len, &field["len"]);
                path.member(to, "hash", &field["hash"]);
                path.member(to, "value", &field["value"]);
            });
        }
        path.member(to, "schema_valid", &arguments["schema_valid"]);
        path.member(to, "schema_error_path", &arguments["schema_error"]["path"]);
        path.member(to, "schema_error_keyword", &arguments["schema_error"]["keyword"]);
        path.member(to, "hash", &arguments["hash"]);
        if result.is_object() {
            let structured = &result["structured"];
            let items = structured["len"].as_i64().filter(|_| structured["type"] == "array");
            let blocks =
                || result["blocks"].members().filter_map(|(_, count)| count.as_i64()).sum();
            to.int(otel::RESULT_COUNT, items.unwrap_or_else(blocks));
        }
    }

    fn of_resource(&self, to: &mut impl Attributes) {
        let access = &self.event["attributes"]["resource"];
        if !access.is_object() {
            return;
        }
        // Never the URI itself, which is the caller's.
        to.member(otel::RESOURCE_URI, &access["template"]);
        to.member(otel::RESOURCE_NAME, &self.event["event_name"]);
        to.member(otel::CACHE_HIT, &access["cache_hit"]);
        to.member(otel::CONTENT_LENGTH, &access["content_bytes"]);
    }

    /// What has no name elsewhere, under ours and its path.
    fn own(&self, to: &mut impl Attributes) {
        let event = self.event;
        let mut path = Path::new(otel::OWN);
        for member in [
            "event_id",
            "event_type",
            "error_message",
            "transport_type",
            "client_name",
            "client_version",
        ] {
            path.member(to, member, &event[member]);
        }
        let is_tool = self.method == Some("tools/call");
        let of_guide = ["fields", "schema_valid", "schema_error", "hash"];
        path.with("request_params", |path| {
            for (member, value) in event["request_params"].members() {
                if !is_tool || !of_guide.contains(&member) {
                    path.members(to, member, value);
                }
            }
        });
        path.members(to, "response_content", &event["response_content"]);
        for (member, value) in event["attributes"].members() {
            match member {
                "link" | "request_id" | "http_version" | "trace_sampled" => {}
                "listing" => path.with(member, |path| {
                    // All but the digests of single tools, of which there may be 128.
                    value.members().for_each(|(name, value)| path.member(to, name, value));
                }),
                _ => path.members(to, member, value),
            }
        }
    }
}
