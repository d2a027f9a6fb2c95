//! The settings that decide what leaves, in words.

use super::Active;
use crate::manifest::Setting;
use crate::sender::Pipeline;

impl Active {
    /// Every such setting by its option.
    pub(crate) fn describe_settings(&self) -> Vec<Setting> {
        let settings = self.settings();
        let list = |names: Vec<&str>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let tags = settings.tags.iter().map(|tag| tag.key.as_str());
        let yes = |is_set: bool| if is_set { "yes" } else { "no" }.to_owned();
        let (session, identify, is_lowered) = settings.hooks.describe();
        vec![
            Setting { option: "destination", value: destinations(self) },
            Setting { option: "local record", value: directory(self) },
            Setting { option: "sample_rate", value: settings.sample_rate.to_string() },
            Setting { option: "lengths", value: format!("{:?}", settings.lengths) },
            Setting { option: "hash_mode", value: format!("{:?}", settings.hash_mode) },
            Setting { option: "intent", value: format!("{:?}", settings.intent) },
            Setting { option: "intent_filter", value: yes(settings.intent_filter.is_some()) },
            Setting { option: "intent_scope", value: format!("{:?}", settings.intent_scope) },
            Setting {
                option: "missing_tool_report",
                value: settings.missing_tool.as_ref().map_or("none", |of| of.name.as_str()).into(),
            },
            Setting { option: "session_resolver", value: yes(session) },
            Setting { option: "identify", value: identify },
            Setting { option: "tag", value: list(tags.collect()) },
            Setting { option: "lower", value: yes(is_lowered) },
            Setting { option: "skip_tools", value: list(self.skipped_tools().collect()) },
            Setting { option: "skip_methods", value: list(self.skipped_methods().collect()) },
        ]
    }
}

fn destinations(watch: &Active) -> String {
    let names: Vec<_> = watch.lanes().iter().map(Pipeline::destination_name).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}

fn directory(watch: &Active) -> String {
    let directory = watch.lanes().directory();
    directory.map_or_else(|| "none: memory".to_owned(), |path| path.display().to_string())
}
