//! Which tools of a server are recorded, and what looks like a mistake.

use rmcp::ServerHandler;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::model::Tool;
use rmcp::service::MaybeSend;
use serde::Serialize;

use super::{Recorded, ToolManifest, collect};
use crate::attach::{Registered, registry};
use crate::error::Error;
use crate::watch::{Active, IntentScope, Watch};

/// What a self-check found. `Display` writes a line for each tool and each warning.
///
/// ```
/// let check = toolwatch::Watch::disabled().self_check::<()>(&Default::default());
/// assert!(!check.is_clean(), "the watch is off");
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct SelfCheck {
    /// The tools that are advertised, by name.
    pub tools: Vec<CheckedTool>,
    /// What the author should know.
    pub warnings: Vec<String>,
}

/// One advertised tool.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CheckedTool {
    /// Its name.
    pub name: String,
    /// By whom its calls are recorded.
    pub recorded: Recorded,
}

impl SelfCheck {
    /// Whether there is nothing to warn of.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.warnings.is_empty()
    }

    pub(crate) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Tells the operator.
    pub(crate) fn report(&self, watch: &Active) {
        for warning in &self.warnings {
            watch.report(&Error::self_check(warning));
        }
    }

    /// What a wrapped server's tools, as the manifest has them, say.
    pub(crate) fn of_wrapped(tools: &[ToolManifest], watch: &Active) -> Self {
        let checked =
            tools.iter().map(|of| CheckedTool { name: of.name.into(), recorded: of.recorded });
        let mut check = Self { tools: checked.collect(), warnings: Vec::new() };
        check.look_for_names(watch);
        check
    }

    /// Names in options that no tool has.
    fn look_for_names(&mut self, watch: &Active) {
        let is_there = |name: &str| self.tools.iter().any(|tool| tool.name == name);
        let mut warnings = Vec::new();
        for name in watch.skipped_tools().filter(|name| !is_there(name)) {
            warnings.push(format!("skip_tools names `{name}`, and no tool has that name"));
        }
        if let IntentScope::Only(names) = watch.intent_scope() {
            for name in names.iter().filter(|name| !is_there(name)) {
                warnings.push(format!("intent_scope names `{name}`, and no tool has that name"));
            }
        }
        if let Some(report) = watch.missing_tool().filter(|of| is_there(of.name.as_str())) {
            let name = report.name;
            warnings.push(format!(
                "the missing-tool report is off: the server has a tool `{name}` of its own"
            ));
        }
        self.warnings.extend(warnings);
    }
}

impl Watch {
    /// Checks a server that has no wrapper, before it serves: which of its router's tools are
    /// recorded. Warnings are also written to stderr, or told to `on_error`.
    ///
    /// Tools are recorded by their attribute, once the watch is [installed](Watch::install). A
    /// [wrapped](Watch::wrap) server checks itself; see [`Watched::self_check`](crate::Watched::self_check).
    ///
    /// ```
    /// use rmcp::{tool, tool_router};
    ///
    /// struct Docs;
    ///
    /// #[tool_router]
    /// impl Docs {
    ///     /// Says that all is well.
    ///     #[tool]
    ///     async fn health(&self) -> String { "ok".into() }
    /// }
    ///
    /// let check = toolwatch::Watch::disabled().self_check(&Docs::tool_router());
    /// assert_eq!(check.tools[0].recorded, toolwatch::manifest::Recorded::Nobody);
    /// ```
    pub fn self_check<H: MaybeSend + 'static>(&self, router: &ToolRouter<H>) -> SelfCheck {
        let tools = router.list_all();
        let checked = tools
            .iter()
            .map(|tool| CheckedTool { name: tool.name.to_string(), recorded: self.recorded(tool) });
        let mut check = SelfCheck { tools: checked.collect(), warnings: Vec::new() };
        let Some(watch) = self.active() else {
            check.warn("the watch is off: set an endpoint and a key, or TOOLWATCH_LOCAL=1");
            return check;
        };
        if Active::installed().is_none_or(|installed| installed.id() != watch.id()) {
            check.warn("the watch is not installed: install() it, or wrap() the server");
        }
        let of_nobody = check.tools.iter().filter(|tool| tool.recorded == Recorded::Nobody);
        let names: Vec<_> = of_nobody.map(|tool| tool.name.as_str()).collect();
        if !names.is_empty() {
            let names = names.join(", ");
            check.warn(format!(
                "nothing records {names}: add #[watched_tool], or wrap() the server"
            ));
        }
        check.look_for_names(watch);
        check.report(watch);
        check
    }

    fn recorded(&self, tool: &Tool) -> Recorded {
        let skips = |watch: &Active| watch.skipped_tools().any(|name| name == tool.name);
        match registry::find(&tool.input_schema) {
            _ if self.active().is_some_and(skips) => Recorded::Skipped,
            Some(Registered::Watched(_)) => Recorded::Attribute,
            Some(Registered::Skipped) => Recorded::Skipped,
            None => Recorded::Nobody,
        }
    }
}

impl<H: ServerHandler> crate::Watched<H> {
    /// Checks the server as far as its tools are known: those of a router that was handed over, else
    /// those that were listed. It runs by itself, once the tools are known, and tells the operator of
    /// names in options that no tool has.
    #[must_use]
    pub fn self_check(&self) -> SelfCheck {
        let Some(watch) = self.active() else {
            let mut check = SelfCheck::default();
            check.warn("the watch is off: nothing is recorded");
            return check;
        };
        let mut check = self.check_names(watch);
        if self.rebuilds_its_router() {
            check.warn(
                "the server builds its tool router anew in every request: \
                 hand it over with wrap_with_router()",
            );
        }
        check
    }

    /// Tells the operator of names in options that no tool has.
    pub(crate) fn report_names(&self, watch: &Active) {
        self.check_names(watch).report(watch);
    }

    fn check_names(&self, watch: &Active) -> SelfCheck {
        SelfCheck::of_wrapped(&collect::of_surface(self.surface(), watch), watch)
    }
}
