//! The ingest client by itself, against a receiver on the loopback interface.
#![cfg(all(feature = "http", feature = "testing"))]

use std::time::Duration;

use serde_json::json;
use toolwatch::destination::{IngestClient, QuotaStatus, SendError};
use toolwatch::testing::{Receiver, Reply};

/// Longer than any machine is busy.
const PATIENCE: Duration = Duration::from_secs(60);

fn client(receiver: &Receiver, timeout: Duration) -> Result<IngestClient, toolwatch::Error> {
    let builder = IngestClient::builder(receiver.endpoint(), "secret-key");
    builder.timeout(timeout).build()
}

#[tokio::test]
async fn a_batch_is_one_request() {
    let receiver = Receiver::start().unwrap();
    let body = r#"{"accepted":1,"rejected":1,"quota":{"status":"warning"}}"#;
    receiver.script([Reply::status(200).body(body)]);
    let client = client(&receiver, PATIENCE).unwrap();
    let events = [json!({"event_id": "a"}), json!({"event_id": "b"})];
    assert_eq!(client.send_batch(&events).await.unwrap().rejected(), 1);
    assert_eq!(client.quota_status().unwrap().status(), QuotaStatus::Warning);
    let requests = receiver.requests();
    assert_eq!((requests.len(), requests[0].event_ids().join(" ")), (1, "a b".to_owned()));
    assert_eq!(requests[0].json()["sdk"]["name"], "toolwatch");
}

#[tokio::test]
async fn failures_tell_what_they_are() {
    let receiver = Receiver::start().unwrap();
    receiver.script([
        Reply::status(429).header("retry-after", "7"),
        Reply::status(503).header("retry-after", "soon"),
        Reply::reset(),
    ]);
    receiver.always(Reply::hang());
    let patient = client(&receiver, PATIENCE).unwrap();
    let mut errors = Vec::new();
    for _ in 0..2 {
        errors.push(patient.send_batch(&[json!({})]).await.unwrap_err());
    }
    assert_eq!(errors[0], SendError::status(429).with_retry_after(Duration::from_secs(7)));
    assert_eq!(errors[1], SendError::status(503));
    // Each on a connection of its own.
    let fresh = client(&receiver, PATIENCE).unwrap();
    assert!(fresh.send_batch(&[json!({})]).await.unwrap_err().is_unreachable());
    let hasty = client(&receiver, Duration::from_millis(300)).unwrap();
    assert!(hasty.send_batch(&[json!({})]).await.unwrap_err().is_timeout());
    hasty.close();
    assert!(hasty.send_batch(&[json!({})]).await.unwrap_err().is_closed());
}

#[test]
fn settings_that_cannot_work_are_errors_and_never_show_the_key() {
    let endpoints =
        ["", "nonsense", "ftp://host", "http://u:pw@host", "http://h/?q", "http://h/#f"];
    for endpoint in endpoints {
        let error = IngestClient::builder(endpoint, "secret-key").build().unwrap_err();
        assert!(error.is_configuration(), "{endpoint}");
        assert!(!format!("{error} {error:?}").contains("pw"), "{endpoint}");
    }
    for key in ["", "  ", "a\nb"] {
        let error = IngestClient::builder("http://host", key).build().unwrap_err();
        assert!(error.is_configuration());
    }
    let builder = IngestClient::builder("http://host/base/", "secret-key");
    assert!(!format!("{builder:?}").contains("secret-key"));
    assert!(!format!("{:?}", builder.build().unwrap()).contains("secret-key"));
}
