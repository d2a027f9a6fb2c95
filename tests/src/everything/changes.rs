//! Changes of the lists of tools and prompts, and who hears of them.

use rmcp::service::{RequestContext, SubscriptionContext};
use rmcp::{RoleServer, model::ProtocolVersion};
use tokio::sync::broadcast::{self, Sender};

/// How many changes a slow listener may lag behind before it loses some.
const BACKLOG: usize = 16;

#[derive(Clone, Copy)]
pub(super) enum List {
    Tools,
    Prompts,
}

#[derive(Clone)]
pub(super) struct Changes(Sender<List>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::channel(BACKLOG).0)
    }
}

impl Changes {
    /// Tells everybody who listens that a list has changed; a legacy session is told directly.
    pub(super) async fn announce(&self, list: List, context: &RequestContext<RoleServer>) {
        let _ = self.0.send(list);
        let version = context.protocol_version();
        if version.is_some_and(|version| version < ProtocolVersion::V_2026_07_28) {
            let _ = match list {
                List::Tools => context.peer.notify_tool_list_changed().await,
                List::Prompts => context.peer.notify_prompt_list_changed().await,
            };
        }
    }

    /// Passes changes on until the listener leaves. What it did not ask for, its sink refuses.
    pub(super) async fn tell(&self, context: &SubscriptionContext) {
        let mut changes = self.0.subscribe();
        loop {
            let list = tokio::select! {
                () = context.cancelled() => return,
                list = changes.recv() => list,
            };
            let _ = match list {
                Ok(List::Tools) => context.sink().notify_tool_list_changed().await,
                Ok(List::Prompts) => context.sink().notify_prompt_list_changed().await,
                Err(_) => Ok(()),
            };
        }
    }
}
