//! Error types that say whose fault an error is, of their own, marked, and generic.

#![deny(warnings, unused)]

use rmcp::model::{ContentBlock, IntoContents};
use rmcp::{tool, tool_router};
use toolwatch::event::Side;
use toolwatch::{Blame, Blamed, watched_tool};

struct Refused;

impl Blame for Refused {
    fn side(&self) -> Side {
        Side::Caller
    }
}

impl IntoContents for Refused {
    fn into_contents(self) -> Vec<ContentBlock> {
        Vec::new()
    }
}

struct Server<E>(E);

#[tool_router]
impl<E: IntoContents + Clone + Send + Sync + 'static> Server<E> {
    #[watched_tool]
    #[tool]
    async fn typed(&self) -> Result<String, Refused> {
        Err(Refused)
    }

    #[watched_tool]
    #[tool]
    fn marked(&self) -> Result<String, Blamed<String>> {
        let number: u8 = "7".parse().map_err(|_| "no number".to_owned())?;
        Err(Blamed::caller(number.to_string()))
    }

    #[watched_tool]
    #[tool]
    async fn marked_within(&self) -> Result<(), Blamed<E>> {
        Err(Blamed::execution(self.0.clone()))
    }

    #[watched_tool]
    #[tool]
    fn unknown(&self) -> Result<(), E> {
        Err(self.0.clone())
    }
}

fn main() {
    Server::<String>::tool_router();
}
