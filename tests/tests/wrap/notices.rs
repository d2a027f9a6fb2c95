//! What a notification says in its `_meta` counts as that of a request does.

use serde_json::json;
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::wrapped::{Era, Lines, of_type, records_when};

use crate::counting::Counting;

#[tokio::test]
async fn a_notification_belongs_to_the_trace_that_its_metadata_names() {
    let recorder = Recorder::start();
    let server = recorder.watch.wrap(Counting::default());
    let mut lines = Lines::of(server, Era::Session).start().await.expect("a session");
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let params = json!({ "progressToken": "p", "progress": 1, "_meta": { "traceparent": parent } });
    lines.notify("notifications/progress", params).await.expect("sent");
    let is_there = |records: &[toolwatch::local::Record]| {
        records.iter().any(|record| record.event_name == "notifications/progress")
    };
    let records = of_type(&records_when(&recorder, is_there).await, "notification");
    let progress = records.iter().find(|record| record.event_name == "notifications/progress");
    let progress = progress.expect("the notification");
    assert_eq!(progress.trace_id.as_deref(), Some("0af7651916cd43dd8448eb211c80319c"));
    assert_eq!(progress.parent_span_id.as_deref(), Some("b7ad6b7169203331"));
}
