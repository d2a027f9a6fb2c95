//! The destination: batches of events as spans, posted to a collector.

use super::post::Post;
use super::protobuf::{Field, Fields, Message};
use super::resource::{Resource, ServerRun, write_scope};
use super::span::Span;
use crate::destination::{Ack, Batch, Destination, SendError};
use crate::semconv::otel::SCHEMA_URL;
use crate::telemetry::Node;

/// Sends events as spans.
pub(crate) struct Spans {
    pub(super) post: Post,
    pub(super) resource: Resource,
}

impl Destination for Spans {
    fn name(&self) -> &str {
        "otlp"
    }

    fn is_ready(&self) -> bool {
        self.post.is_ready()
    }

    fn send(&mut self, batch: &Batch<'_>) -> Result<Ack, SendError> {
        let written: Vec<_> = batch.events().collect();
        let events: Vec<_> = written.iter().filter_map(|event| Node::read(event)).collect();
        let spans: Vec<_> = events
            .iter()
            .filter_map(|event| Some((ServerRun::of(event), Span::read(event)?)))
            .collect();
        // What cannot be read will not be read at the next attempt either.
        let unreadable = (batch.len() - spans.len()) as u64;
        if spans.is_empty() {
            return Ok(Ack::all().with_rejected(unreadable));
        }
        let reply = self.post.send(encode(&self.resource, &spans))?;
        let rejected = rejected(&reply).min(spans.len() as u64);
        if rejected > 0 {
            tracing::warn!(rejected, "the collector rejected spans");
        }
        Ok(Ack::all().with_rejected(rejected + unreadable))
    }
}

/// An `ExportTraceServiceRequest`, with one resource for each run of a server.
fn encode(resource: &Resource, spans: &[(ServerRun, Span<'_>)]) -> Vec<u8> {
    let mut request = Message::default();
    for spans in spans.chunk_by(|(one, _), (next, _)| one == next) {
        request.message(1, |of_run| {
            if let Some((run, _)) = spans.first() {
                resource.write(of_run, run);
            }
            of_run.message(2, |of_scope| {
                write_scope(of_scope);
                for (_, span) in spans {
                    of_scope.message(2, |message| span.write(message));
                }
                of_scope.text(3, SCHEMA_URL);
            });
            of_run.text(3, SCHEMA_URL);
        });
    }
    request.into_bytes()
}

/// What a `partial_success` says was rejected: of spans and of data points it is the same field. Its
/// message is the collector's text, and is not read.
pub(super) fn rejected(reply: &[u8]) -> u64 {
    let count = |field: &(u64, Field<'_>)| match field {
        (1, Field::Number(count)) => u64::try_from(count.cast_signed()).ok(),
        _ => None,
    };
    let partial = |(number, field)| match field {
        Field::Bytes(partial) if number == 1 => Fields(partial).find_map(|field| count(&field)),
        _ => None,
    };
    Fields(reply).find_map(partial).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_are_read_and_nonsense_is_none() {
        let reply = |count: i64| {
            let mut reply = Message::default();
            reply.message(1, |partial| {
                partial.text(2, "no room");
                partial.int64(1, count);
            });
            reply.into_bytes()
        };
        for (reply, expect) in [
            (reply(3), 3),
            (reply(-1), 0),
            (reply(0), 0),
            (Vec::new(), 0),
            (b"{\"partialSuccess\":{}}".to_vec(), 0),
            (vec![0xff; 64], 0),
            (vec![0x0a, 0x7f, 0x08, 0x03], 0),
        ] {
            assert_eq!(rejected(&reply), expect, "{reply:?}");
        }
    }
}
