//! Tools that hand out a task and go on after the call (SEP-2663).

use std::future::Future;
use std::time::Duration;

use rmcp::handler::server::tool::InputResponses as Responses;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, CreateTaskResult,
};
use rmcp::service::RequestContext;
use rmcp::task_manager::{TaskContext, TaskExit, TaskOptions};
use rmcp::{ErrorData, RoleServer, tool, tool_router};
use schemars::JsonSchema;
use serde::Deserialize;
use toolwatch::{Shape, watched_tool};

use super::{Everything, rounds};

/// How often a client is told to ask.
const POLL_MS: u64 = 50;

#[derive(Deserialize, JsonSchema, Shape)]
struct Name {
    /// Who is greeted.
    name: String,
}

#[derive(Deserialize, JsonSchema, Shape)]
struct Compute {
    /// How long it takes.
    seconds: u64,
    /// What the task is called.
    label: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
struct Target {
    /// What is to go.
    filename: String,
}

type Reply = Result<CallToolResponse, ErrorData>;

#[tool_router(router = task_tools, vis = "pub(super)")]
impl Everything {
    /// Greet, without a task.
    #[watched_tool]
    #[tool]
    async fn greet(&self, Parameters(name): Parameters<Name>) -> String {
        format!("Hello, {}!", name.name)
    }

    /// Compute for some seconds, in a task when the client knows tasks.
    #[watched_tool]
    #[tool]
    async fn slow_compute(
        &self,
        Parameters(compute): Parameters<Compute>,
        context: RequestContext<RoleServer>,
    ) -> CallToolResponse {
        let said = format!("computed {}", compute.label.unwrap_or_default());
        if compute.seconds == 0 || !knows_tasks(&context) {
            return text(said).into();
        }
        let pause = Duration::from_secs(compute.seconds);
        self.spawn(move |task| async move {
            tokio::select! {
                () = task.cancelled() => Err(TaskExit::Cancelled),
                () = tokio::time::sleep(pause) => Ok(text(said)),
            }
        })
    }

    /// Fail, in a task that the client has to know.
    #[watched_tool]
    #[tool]
    async fn failing_job(&self, context: RequestContext<RoleServer>) -> Reply {
        require_tasks(&context)?;
        Ok(self.spawn(|_| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(CallToolResult::error(vec![ContentBlock::text("the job failed")]))
        }))
    }

    /// Fail with a protocol error, in a task that the client has to know.
    #[tool]
    async fn protocol_error_job(&self, context: RequestContext<RoleServer>) -> Reply {
        require_tasks(&context)?;
        Ok(self.spawn(|_| async {
            Err(TaskExit::Error(ErrorData::internal_error("the job broke", None)))
        }))
    }

    /// Delete nothing, after the user said yes to a task.
    #[tool]
    async fn confirm_delete(
        &self,
        Parameters(target): Parameters<Target>,
        context: RequestContext<RoleServer>,
    ) -> Reply {
        require_tasks(&context)?;
        Ok(self.spawn(move |task| async move {
            let question = rounds::form(&format!("Delete {}?", target.filename), "answer");
            let answer = task.request_input("confirm", question).await?;
            Ok(text(format!("asked about {}: {}", target.filename, answer["action"])))
        }))
    }

    /// Ask two things at once, in a task.
    #[tool]
    async fn multi_input(&self, context: RequestContext<RoleServer>) -> Reply {
        require_tasks(&context)?;
        Ok(self.spawn(|task| async move {
            let first = task.request_input("first", rounds::form("The first?", "answer"));
            let second = task.request_input("second", rounds::form("The second?", "answer"));
            tokio::try_join!(first, second)?;
            Ok(text("both were answered".to_owned()))
        }))
    }

    /// Ask for a name, and hand out a task only then.
    #[tool]
    async fn test_tool_with_task(
        &self,
        Responses(responses): Responses,
        context: RequestContext<RoleServer>,
    ) -> Reply {
        require_tasks(&context)?;
        let name = rounds::content(responses.as_ref(), "user_name")["name"].as_str();
        let Some(name) = name.map(ToOwned::to_owned) else {
            let question = rounds::form("What is your name?", "name");
            return Ok(rounds::ask([("user_name", question)], None));
        };
        Ok(self.spawn(move |_| async move { Ok(text(format!("Hello, {name}!"))) }))
    }

    fn spawn<F>(&self, work: impl FnOnce(TaskContext) -> F) -> CallToolResponse
    where
        F: Future<Output = Result<CallToolResult, TaskExit>> + Send + 'static,
    {
        let options = TaskOptions::new().with_poll_interval_ms(POLL_MS);
        let task = self.tasks.spawn(options, |task| Box::pin(work(task)));
        CreateTaskResult::new(task).into()
    }
}

fn knows_tasks(context: &RequestContext<RoleServer>) -> bool {
    context.client_capabilities().is_some_and(|client| client.supports_tasks())
}

fn require_tasks(context: &RequestContext<RoleServer>) -> Result<(), ErrorData> {
    if knows_tasks(context) {
        return Ok(());
    }
    let needed = ClientCapabilities::builder().enable_tasks().build();
    Err(ErrorData::missing_required_client_capability(needed))
}

fn text(text: String) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}
