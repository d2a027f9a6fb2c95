//! What a request tells the server, its author's hooks and its handlers to do and to say.

use rmcp::ErrorData;
use rmcp::model::{ErrorCode, MetaObject};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The member of `_meta` that holds the script.
pub const KEY: &str = "canary/script";

/// How a handler ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum End {
    /// With a reply.
    #[default]
    Reply,
    /// With a result that has the error flag; a reply where there is no such flag.
    Flag,
    /// With a JSON-RPC error.
    Refuse,
    /// With a panic in its future.
    Panic,
    /// With a panic before there is a future.
    Early,
    /// It asks for input; a reply where that cannot be.
    Ask,
    /// Not before it is cancelled.
    Wait,
}

impl End {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Reply, Self::Flag, Self::Refuse, Self::Panic, Self::Early, Self::Ask, Self::Wait];

    /// Whether the client gets an answer.
    #[must_use]
    pub const fn is_answered(self) -> bool {
        !matches!(self, Self::Panic | Self::Early | Self::Wait)
    }
}

/// What a hook of the author does with its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Hook {
    /// Has nothing to say.
    #[default]
    Nothing,
    /// Says it.
    Says,
    /// Fails with it.
    Fails,
    /// Panics with it.
    Panics,
    /// Panics with it in its future.
    PanicsLater,
    /// Never answers.
    Hangs,
}

/// What goes with one message.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Script {
    /// How the handler ends.
    pub end: End,
    /// What it says.
    pub words: [String; 5],
    /// What the identity hook does.
    pub identify: Hook,
    /// With this.
    pub identity: String,
    /// What the session resolver does.
    pub resolve: Hook,
    /// With this.
    pub session: String,
    /// What the predicate that leaves requests out does: it says so, or it panics with the session.
    pub skip: Hook,
}

impl Script {
    /// The script of a message; one that does nothing when it has none.
    #[must_use]
    pub fn of(meta: &MetaObject) -> Self {
        let script = meta.get(KEY).cloned();
        script.and_then(|script| serde_json::from_value(script).ok()).unwrap_or_default()
    }

    /// All words as a document, as a key too.
    #[must_use]
    pub fn document(&self) -> Value {
        let [a, b, c, d, e] = &self.words;
        json!({ "answer": a, b.as_str(): [c, { "deep": d }], "list": [e, e] })
    }

    /// Whether the handler asks for input.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.end == End::Ask
    }

    /// A panic before there is a future.
    ///
    /// # Panics
    ///
    /// When that is how the handler ends.
    #[expect(clippy::panic, reason = "this handler panics for a living")]
    pub fn begin(&self) {
        if self.end == End::Early {
            panic!("cannot begin with {}", self.words[0]);
        }
    }

    /// Runs the handler to its end.
    ///
    /// # Errors
    ///
    /// The JSON-RPC error that the handler ends with.
    ///
    /// # Panics
    ///
    /// When that is how the handler ends.
    pub async fn play(self, cancelled: &CancellationToken) -> Result<Self, ErrorData> {
        tokio::task::yield_now().await;
        match self.end {
            End::Refuse => Err(self.refusal()),
            End::Panic => std::panic::panic_any(self.words[1].clone()),
            End::Wait => {
                cancelled.cancelled().await;
                Ok(self)
            }
            _ => Ok(self),
        }
    }

    /// The error that the handler ends with.
    #[must_use]
    pub fn refusal(&self) -> ErrorData {
        let message = format!("no {} for {:?}", self.words[0], self.words[1]);
        let code = match self.words[0].len() % 3 {
            0 => ErrorCode::INVALID_PARAMS,
            1 => ErrorCode::RESOURCE_NOT_FOUND,
            _ => ErrorCode::INTERNAL_ERROR,
        };
        ErrorData::new(code, message, Some(self.document()))
    }
}
