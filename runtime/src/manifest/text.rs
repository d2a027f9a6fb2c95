//! A manifest and a self-check as text, for a terminal or a review.

use std::fmt;

use super::{FieldManifest, Manifest, SelfCheck, ToolManifest};

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_enabled {
            return writeln!(f, "toolwatch is off: nothing is recorded, and nothing leaves.");
        }
        #[cfg(feature = "planted-leaks")]
        crate::testing::leak::print(crate::testing::leak::Leak::Manifest, f)?;
        writeln!(f, "Settings")?;
        for setting in &self.settings {
            writeln!(f, "  {}: {}", setting.option, setting.value)?;
        }
        writeln!(f, "\nOf every operation")?;
        for leaving in self.everywhere {
            writeln!(f, "  {}", leaving.members)?;
            writeln!(f, "    {}: {}", leaving.what, leaving.why)?;
        }
        writeln!(f, "\nTools")?;
        if self.tools.is_empty() {
            writeln!(f, "  none is known yet: tools are learned when they are listed or routed")?;
        }
        self.tools.iter().try_for_each(|tool| write!(f, "{tool}"))
    }
}

impl fmt::Display for ToolManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let intent = if self.asks_intent { ", asks for the intent" } else { "" };
        writeln!(f, "  {} (recorded by: {}{intent})", self.name, self.recorded.as_str())?;
        for (key, value) in &self.tags {
            writeln!(f, "    tag {key} = {value}")?;
        }
        self.fields.iter().try_for_each(|field| write!(f, "{field}"))
    }
}

impl fmt::Display for FieldManifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "    {}: {} by {}", self.path, self.level, self.why)?;
        if let Some(reason) = self.reason {
            write!(f, ", because: {reason}")?;
        }
        writeln!(f, "{}", if self.is_volatile { ", volatile" } else { "" })
    }
}

impl fmt::Display for SelfCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for tool in &self.tools {
            writeln!(f, "{}: {}", tool.name, tool.recorded.as_str())?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}
