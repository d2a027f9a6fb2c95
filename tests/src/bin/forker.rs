//! A watched server over stdio whose tools make processes: by fork and exec, and by fork alone.
//!
//! A child of `fork` lives until the file that its caller names is there, five minutes at most;
//! what it does with the watch meanwhile is the other argument.

#[cfg(not(unix))]
fn main() {}

#[cfg(unix)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    unix::main()
}

#[cfg(unix)]
mod unix {
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use rmcp::handler::server::wrapper::Parameters;
    use rmcp::transport::stdio;
    use rmcp::{ServiceExt, tool, tool_router};
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};
    use toolwatch::{Reveal, Shape, Watch, watched_tool};

    /// How long a child waits for the end at most.
    const PATIENCE: Duration = Duration::from_secs(300);
    /// How long the end of a server may take: longer than that of one that drops its watch, so that
    /// its segments are free however busy the machine is.
    const END: Duration = Duration::from_secs(60);

    #[derive(Debug, Deserialize, JsonSchema, Shape)]
    struct Text {
        text: String,
        #[expect(dead_code, reason = "the calls of the fixture have it")]
        times: Option<u32>,
    }

    #[derive(Debug, Deserialize, JsonSchema, Shape)]
    struct Child {
        does: Does,
        until: String,
    }

    /// What a child does with the watch.
    #[derive(
        Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema, Shape, Reveal,
    )]
    #[serde(rename_all = "snake_case")]
    enum Does {
        /// Nothing.
        Nothing,
        /// Records events, all the time.
        Record,
        /// Shuts it down, and then as before.
        ShutDown,
    }

    #[derive(Clone)]
    struct Server(Watch);

    #[tool_router(server_handler)]
    impl Server {
        /// Echo the text.
        #[watched_tool]
        #[tool]
        async fn echo(&self, Parameters(text): Parameters<Text>) -> String {
            text.text
        }

        /// Start a program that lives on, and tell its process id.
        #[watched_tool]
        #[tool]
        async fn exec(&self) -> Result<String, String> {
            let mut command = Command::new("sleep");
            command.arg("300").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().map(|child| child.id().to_string()).map_err(|error| error.to_string())
        }

        /// Start a copy of this process that lives on, and tell its process id.
        #[watched_tool]
        #[tool]
        async fn fork(&self, Parameters(child): Parameters<Child>) -> Result<String, String> {
            match fork::fork() {
                Ok(fork::Fork::Parent(id)) => Ok(id.to_string()),
                Ok(fork::Fork::Child) => live_on(&self.0, child.does, Path::new(&child.until)),
                Err(error) => Err(error.to_string()),
            }
        }
    }

    /// The life of a child. What it has recorded it leaves beside the file that ends it.
    #[expect(clippy::disallowed_methods, reason = "a child must not go on as the server")]
    fn live_on(watch: &Watch, does: Does, until: &Path) -> ! {
        // The client must see the end of the server's output when the server ends.
        let silent = fork::redirect_stdio().is_ok();
        if does == Does::ShutDown {
            watch.shutdown(Duration::from_secs(1));
        }
        let (began, mut recorded) = (Instant::now(), 0_u32);
        while silent && began.elapsed() < PATIENCE {
            // At least one, however late the child comes to it.
            if does != Does::Nothing {
                watch.event("from_child").record();
                recorded += 1;
            }
            if until.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let told = std::fs::write(until.with_extension("recorded"), recorded.to_string());
        std::process::exit(i32::from(told.is_err()))
    }

    #[tokio::main(flavor = "current_thread")]
    pub(super) async fn main() -> Result<(), Box<dyn std::error::Error>> {
        let watch = Watch::builder().server("forker", "1.2.3").build()?;
        let _guard = watch.clone().install()?;
        Server(watch.clone()).serve(stdio()).await?.waiting().await?;
        watch.shutdown(END);
        Ok(())
    }
}
