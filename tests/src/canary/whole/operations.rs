//! The parameters of every method, with needles in all that a caller decides.

use serde_json::{Value, json};

use super::script::{End, Script};
use super::tools::DYNAMIC;
use crate::canary::arguments::write;
use crate::canary::needle::{Kind, Needles};
use crate::canary::schema::Schema;

/// The requests of both protocols. Reads come before the lists that name them, and come again.
pub const COMMON: [&str; 15] = [
    "resources/read",
    "prompts/get",
    "completion/complete",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/directory/read",
    "skills/list",
    "skills/get",
    "tasks/get",
    "tasks/update",
    "tasks/cancel",
    "logging/setLevel",
    CUSTOM,
];

/// Requests of protocols with sessions.
pub const OF_SESSIONS: [&str; 3] = ["ping", "resources/subscribe", "resources/unsubscribe"];

/// Requests of the protocol without them.
pub const OF_STATELESS: [&str; 2] = ["server/discover", "subscriptions/listen"];

/// The notifications of a client.
pub const NOTICES: [&str; 4] = [
    "notifications/progress",
    "notifications/roots/list_changed",
    "notifications/cancelled",
    CUSTOM_NOTICE,
];

/// Stands for a method that nobody defines.
pub const CUSTOM: &str = "custom";

/// Stands for a notification that nobody defines.
pub const CUSTOM_NOTICE: &str = "notifications/custom";

/// The missing-tool report.
pub const REPORT: &str = "report_gap";

/// Tools whose calls are recorded and reach a handler that plays its script.
const PLAYING: [&str; 4] = ["attributed", "plain", "failing", DYNAMIC];

/// Tools of which at least one of that is not so, at least when the router is handed over.
const OTHERS: [&str; 7] = ["by_hand", "skipped", "disabled", "hidden", "typed", REPORT, "unknown"];

/// The tools that can be called when the handler ends like this.
pub fn tools(end: End) -> Vec<&'static str> {
    let others = OTHERS.iter().filter(|_| end.is_answered());
    PLAYING.iter().chain(others).copied().collect()
}

/// What the parameters are made of.
pub struct Maker<'a> {
    /// The needles.
    pub needles: &'a mut Needles,
    /// The schema of the dynamic tool.
    pub schema: &'a Schema,
    /// Which message it is.
    pub turn: usize,
    /// The tool that is called.
    pub tool: &'static str,
    /// Whether the method has to stand in a header as it is.
    pub is_http: bool,
}

impl Maker<'_> {
    fn text(&mut self, place: &str) -> String {
        self.needles.text(Kind::Argument, place)
    }

    fn word(&mut self, place: &str) -> String {
        self.needles.word(Kind::Argument, place)
    }

    /// The method as it is sent.
    pub fn method(&mut self, method: &str) -> String {
        match method {
            CUSTOM if self.is_http => format!("acme/{}", self.word("a custom request's name")),
            CUSTOM => format!("acme/{}", self.text("the name of a custom request")),
            CUSTOM_NOTICE => {
                format!("notifications/{}", self.text("the name of a custom notification"))
            }
            known => known.to_owned(),
        }
    }

    /// The parameters of a request or a notification.
    pub fn params(&mut self, method: &str, script: &Script) -> Value {
        match method {
            "tools/call" => self.call(script),
            "prompts/get" => self.prompt(),
            "completion/complete" => self.completion(),
            "resources/read"
            | "resources/subscribe"
            | "resources/unsubscribe"
            | "resources/directory/read" => {
                let mut params = json!({ "uri": self.uri() });
                if method == "resources/read" {
                    self.carry_on(&mut params);
                }
                params
            }
            "skills/get" => json!({ "uri": format!("skill://{}/SKILL.md", self.word("a skill")) }),
            "tasks/get" | "tasks/cancel" => json!({ "taskId": self.text("the id of a task") }),
            "tasks/update" => {
                let mut params = json!({ "taskId": self.text("the id of a task") });
                params["inputResponses"] = self.responses();
                params
            }
            "logging/setLevel" => json!({ "level": "info" }),
            "subscriptions/listen" => json!({ "notifications": {
                "toolsListChanged": true,
                "resourceSubscriptions": [self.uri(), self.text("a subscription")],
            } }),
            "notifications/progress" => json!({
                "progressToken": self.text("a progress token"),
                "progress": 1,
                "message": self.text("a progress message"),
            }),
            "notifications/cancelled" => json!({
                "requestId": self.text("the id of a request to cancel"),
                "reason": self.needles.text(Kind::Error, "the reason of a cancellation"),
            }),
            list if list.ends_with("/list") => json!({ "cursor": self.text("a cursor") }),
            CUSTOM | CUSTOM_NOTICE => self.custom(),
            _ => json!({}),
        }
    }

    fn custom(&mut self) -> Value {
        json!({
            self.text("a key of a custom request"): self.needles.value(Kind::Argument, "its value"),
            "plain": self.text("a member of a custom request"),
            "list": [self.needles.integer(Kind::Argument, "a number in a custom request")],
        })
    }

    /// URIs that are listed, that match a template, and that nobody knows.
    fn uri(&mut self) -> String {
        match self.turn % 5 {
            0 => "note://one".to_owned(),
            1 => {
                format!("note://{}/{}", self.word("a template's variable"), self.word("another"))
            }
            2 => format!("file:///{}", self.text("the path of a URI")),
            3 => format!("{}://{}", self.word("the scheme of a URI"), self.text("its path")),
            _ => self.text("a URI"),
        }
    }

    /// What carries on a request that asked for input.
    fn carry_on(&mut self, params: &mut Value) {
        if self.turn.is_multiple_of(3) {
            params["requestState"] = self.text("the state of a request").into();
            params["inputResponses"] = self.responses();
        }
    }

    fn responses(&mut self) -> Value {
        json!({ self.text("the key of a response"): {
            "content": { self.text("a field of a response"): self.text("what it says") },
        } })
    }

    fn prompt(&mut self) -> Value {
        let name =
            if self.turn % 4 == 3 { self.text("the name of a prompt") } else { "greet".into() };
        let mut arguments = json!({
            "who": self.text("an argument of a prompt"),
            self.text("an undeclared argument of a prompt"): self.text("its value"),
        });
        if self.turn.is_multiple_of(2) {
            arguments["mood"] = self.needles.value(Kind::Argument, "another argument of a prompt");
        }
        let mut params = json!({ "name": name, "arguments": arguments });
        self.carry_on(&mut params);
        params
    }

    fn completion(&mut self) -> Value {
        let (reference, argument) = match self.turn % 4 {
            0 => (
                json!({ "type": "ref/prompt", "name": "greet", "title": self.text("a title") }),
                "who".to_owned(),
            ),
            1 => (
                json!({ "type": "ref/resource", "uri": "note://{folder}/{page}" }),
                "folder".to_owned(),
            ),
            2 => (
                json!({ "type": "ref/prompt", "name": self.text("a prompt to complete") }),
                self.text("an argument to complete"),
            ),
            _ => (
                json!({ "type": "ref/resource", "uri": self.text("a template to complete") }),
                self.text("a variable to complete"),
            ),
        };
        json!({
            "ref": reference,
            "argument": { "name": argument, "value": self.text("a value to complete") },
            "context": { "arguments": {
                "who": self.text("a known value of a completion"),
                self.text("a known argument of a completion"): self.text("its value"),
            } },
        })
    }

    fn call(&mut self, script: &Script) -> Value {
        let tool = self.tool;
        let mut arguments = self.arguments(tool, script);
        self.add_intent(tool, &mut arguments);
        self.needles.document(Kind::Argument, &format!("the arguments of {tool}"), &arguments);
        let name = match tool {
            "unknown" => self.text("the name of an unknown tool"),
            known => known.to_owned(),
        };
        let mut params = json!({ "name": name, "arguments": arguments });
        if script.end != End::Wait {
            self.carry_on(&mut params);
        }
        params
    }

    fn arguments(&mut self, tool: &str, script: &Script) -> Value {
        match tool {
            DYNAMIC => {
                let place = Some(self.turn).filter(|_| script.end != End::Reply);
                write(self.schema, place, tool, self.needles).arguments.into()
            }
            REPORT => json!({ self.text("an undeclared argument"): self.text("its value") }),
            _ => {
                let mut arguments = json!({
                    "query": self.text("a query"),
                    "place": {
                        "city": self.text("a city"),
                        self.text("an undeclared key"): self.needles.value(Kind::Argument, "its value"),
                    },
                    "tags": [self.text("a tag"), self.word("another tag")],
                    "amount": self.needles.integer(Kind::Argument, "an amount"),
                    self.text("an undeclared argument"): self.needles.value(Kind::Argument, "its value"),
                });
                if tool == "typed" {
                    arguments["script"] = json!(script);
                } else if script.end.is_answered() && self.turn % 4 == 1 {
                    arguments["query"] = json!([self.text("a query of a wrong type")]);
                }
                arguments
            }
        }
    }

    /// The agent's words, where they are asked for; elsewhere an argument like any other.
    fn add_intent(&mut self, tool: &str, arguments: &mut Value) {
        let may_ask = !matches!(tool, "skipped" | "disabled" | "hidden" | "by_hand" | "unknown");
        let kind = if may_ask { Kind::Intent } else { Kind::Argument };
        if self.turn % 4 != 3 {
            arguments["context"] = self.needles.text(kind, &format!("the intent of {tool}")).into();
        }
    }
}
