//! The author's types and errors, asked by capture for what they are, panic.

use std::fmt;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::handler::server::wrapper::Parameters;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use toolwatch::event::Side;
use toolwatch::shape::rules::Single;
use toolwatch::{Blame, Exposed, Field, Form, Reveal, Shape, TypeShape};

use crate::here::Here;
use crate::row;
use crate::session::{CALLS, Session, replies};

/// Whether the types of this file panic. One test uses it.
static IS_ON: LazyLock<AtomicBool> = LazyLock::new(AtomicBool::default);

fn strike() {
    assert!(!IS_ON.load(Ordering::Relaxed), "fault: the author's code");
}

/// Does not say what it looks like.
#[derive(Deserialize, Serialize, JsonSchema)]
pub struct Shapeless {
    text: String,
}

impl Shape for Shapeless {
    type Fields = Self;

    fn shape() -> TypeShape {
        strike();
        TypeShape::new(Form::Opaque)
    }

    fn fields(&self) -> Option<&Self> {
        strike();
        Some(self)
    }
}

/// Says what it looks like, and not where its fields are.
#[derive(Deserialize, Serialize, JsonSchema)]
pub struct Veiled {
    is_so: bool,
}

impl Shape for Veiled {
    type Fields = Self;

    fn shape() -> TypeShape {
        const FIELDS: &[Field] = &[Field::new("is_so", "is_so", &[], bool::shape)];
        TypeShape::new(Form::Object(FIELDS))
    }

    fn fields(&self) -> Option<&Self> {
        strike();
        Some(self)
    }
}

impl Single for Veiled {}

/// Does not say its value.
#[derive(Clone, Copy, Deserialize, Serialize, JsonSchema)]
pub struct Shy(u32);

impl Shape for Shy {
    type Fields = Self;

    fn shape() -> TypeShape {
        TypeShape::new(Form::Scalar)
    }

    fn fields(&self) -> Option<&Self> {
        Some(self)
    }
}

impl Reveal for Shy {
    const REASON: &'static str = "a number of this suite";

    fn reveal(&self) -> Option<Exposed> {
        strike();
        Some(Exposed::int(self.0.into()))
    }
}

/// Arguments with the one.
#[derive(Deserialize, Serialize, JsonSchema, Shape)]
pub struct Odd {
    inner: Shapeless,
}

/// With another.
#[derive(Deserialize, Serialize, JsonSchema, Shape)]
pub struct Curtained {
    behind: Veiled,
}

/// And with the third.
#[derive(Deserialize, Serialize, JsonSchema, Shape)]
pub struct Bashful {
    times: Shy,
}

/// An error that does not say whose fault it is.
pub struct Sullen;

impl fmt::Display for Sullen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sullen")
    }
}

impl rmcp::model::IntoContents for Sullen {
    fn into_contents(self) -> Vec<rmcp::model::ContentBlock> {
        vec![rmcp::model::ContentBlock::text(self.to_string())]
    }
}

impl Blame for Sullen {
    fn side(&self) -> Side {
        strike();
        Side::Caller
    }
}

macro_rules! server {
    ($module:ident, $(#[$shy:meta])*, $(#[$veiled:meta])*, $(#[$watched:meta])*) => {
        mod $module {
            use super::*;
            use rmcp::{tool, tool_router};

            #[derive(Clone)]
            pub(super) struct Server;

            #[tool_router(server_handler)]
            impl Server {
                /// Take odd arguments.
                $(#[$watched])*
                #[tool]
                async fn odd(&self, Parameters(odd): Parameters<Odd>) -> String {
                    odd.inner.text
                }

                /// Take bashful ones.
                $(#[$shy])*
                #[tool]
                async fn shy(&self, Parameters(shy): Parameters<Bashful>) -> String {
                    "x".repeat(shy.times.0 as usize)
                }

                /// Take what is behind a curtain.
                $(#[$veiled])*
                #[tool]
                async fn veiled(&self, Parameters(all): Parameters<Curtained>) -> String {
                    all.behind.is_so.to_string()
                }

                /// Fail.
                $(#[$watched])*
                #[tool]
                async fn sullen(&self) -> Result<String, Sullen> {
                    Err(Sullen)
                }
            }
        }
    };
}

server!(
    watched,
    #[toolwatch::watched_tool(args(times = value))],
    #[toolwatch::watched_tool(args(behind.is_so = value))],
    #[toolwatch::watched_tool]
);
server!(plain,,,);

/// Half a round of each tool.
async fn call(session: &mut Session) {
    for _ in 0..CALLS / 2 {
        let odd = json!({ "inner": { "text": "x" } });
        let (shy, veiled) = (json!({ "times": 3 }), json!({ "behind": { "is_so": true } }));
        let calls = [("odd", odd), ("shy", shy), ("veiled", veiled), ("sullen", json!({}))];
        for (tool, arguments) in calls {
            session.calls += 1;
            session.failed += usize::from(!replies(&session.client, tool, arguments).await);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shape_reveal_and_blame_of_the_authors_types_panic() {
    let name = "Shape, Reveal and Blame of the author's types panic";
    let mut here = Here::start(name, |builder, _| builder).await;
    here.session = Session::with(here.watch.wrap(watched::Server)).await;
    let mut healthy = Session::with(plain::Server).await;
    IS_ON.store(true, Ordering::Relaxed);
    call(&mut here.session).await;
    IS_ON.store(false, Ordering::Relaxed);
    call(&mut here.session).await;
    for _ in 0..2 {
        call(&mut healthy).await;
    }
    here.watch.flush(crate::here::PATIENCE);
    let numbers = here.numbers();
    let equal = here.session.bytes() == healthy.bytes();
    row::print(name, here.session.calls, here.session.failed, equal, &numbers);
    assert_eq!(numbers.get("captured"), here.session.calls as u64, "each call has an event");
    assert_eq!(numbers.get("delivered"), here.session.calls as u64);
    assert!(numbers.get("capture_faults") >= CALLS as u64, "{numbers:?}");
}
