//! What is sent: the server, by its name, version and run.

use super::attribute::KeyValues;
use super::protobuf::Message;
use crate::semconv::otel;
use crate::telemetry::{Attributes as _, Node};

/// One run of one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServerRun {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) instance: String,
}

impl ServerRun {
    /// The run that wrote an event.
    pub(super) fn of(event: &Node<'_>) -> Self {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("server_name"),
            version: text("server_version"),
            instance: text("server_instance"),
        }
    }
}

/// What the operator and the author say of the server beside what toolwatch knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Resource(pub(super) Vec<(String, String)>);

impl Resource {
    /// Writes the resource of a run into its field: what is said wins over what is known.
    pub(super) fn write(&self, message: &mut Message, run: &ServerRun) {
        message.message(1, |resource| {
            let mut attributes = KeyValues::new(resource, 1);
            for (name, known) in [
                (otel::SERVICE_NAME, run.name.as_str()),
                (otel::SERVICE_VERSION, &run.version),
                (otel::SERVICE_INSTANCE_ID, &run.instance),
                (otel::SERVER_NAME, &run.name),
            ] {
                if !known.is_empty() && self.said(name).is_none() {
                    attributes.text(name, known);
                }
            }
            for (name, known) in [
                (otel::SDK_NAME, "toolwatch"),
                (otel::SDK_LANGUAGE, "rust"),
                (otel::SDK_VERSION, env!("CARGO_PKG_VERSION")),
            ] {
                attributes.text(name, known);
            }
            let of_sdk = [otel::SDK_NAME, otel::SDK_LANGUAGE, otel::SDK_VERSION];
            for (name, value) in self.0.iter().filter(|(name, _)| !of_sdk.contains(&name.as_str()))
            {
                attributes.text(name, value);
            }
        });
    }

    fn said(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// Writes which library sends, into its field.
pub(super) fn write_scope(message: &mut Message) {
    message.message(1, |scope| {
        scope.text(1, "toolwatch");
        scope.text(2, env!("CARGO_PKG_VERSION"));
    });
}
