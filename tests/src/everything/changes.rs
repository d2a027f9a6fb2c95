//! Changes of the lists of tools and prompts, and who hears of them.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ProtocolVersion;
use rmcp::service::{RequestContext, SubscriptionContext};
use tokio::sync::{broadcast, watch};

/// How many changes a slow listener may lag behind before it loses some.
const BACKLOG: usize = 16;

/// How long a change waits for listeners that have been told that they listen, and do not yet.
const OPENING_LIMIT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
pub(super) enum List {
    Tools,
    Prompts,
}

#[derive(Clone)]
pub(super) struct Changes {
    told: broadcast::Sender<List>,
    /// Subscriptions between rmcp's acknowledgement, which clients act on, and the handler's start.
    opening: watch::Sender<usize>,
}

impl Default for Changes {
    fn default() -> Self {
        Self { told: broadcast::channel(BACKLOG).0, opening: watch::Sender::new(0) }
    }
}

impl Changes {
    /// Tells everybody who listens that a list has changed; a legacy session is told directly.
    pub(super) async fn announce(&self, list: List, context: &RequestContext<RoleServer>) {
        let mut opening = self.opening.subscribe();
        let _ = tokio::time::timeout(OPENING_LIMIT, opening.wait_for(|count| *count == 0)).await;
        let _ = self.told.send(list);
        let version = context.protocol_version();
        if version.is_some_and(|version| version < ProtocolVersion::V_2026_07_28) {
            let _ = match list {
                List::Tools => context.peer.notify_tool_list_changed().await,
                List::Prompts => context.peer.notify_prompt_list_changed().await,
            };
        }
    }

    /// A subscription is about to be acknowledged.
    pub(super) fn expect_listener(&self) {
        self.opening.send_modify(|count| *count += 1);
    }

    /// Passes changes on until the listener leaves. What it did not ask for, its sink refuses.
    pub(super) async fn tell(&self, context: &SubscriptionContext) {
        let mut changes = self.told.subscribe();
        self.opening.send_modify(|count| *count = count.saturating_sub(1));
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
