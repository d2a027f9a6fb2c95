//! Ids and continuations of requests.

use rmcp::model::CallToolRequestParams;

use super::*;
use crate::capture::hash::InstallKey;

#[test]
fn the_id_of_a_request_is_a_number_or_the_hash_of_a_text() {
    let install = Hasher::for_install(&InstallKey::from_bytes([7; 32]));
    assert_eq!(request_key(&RequestId::Number(-7), &install), RequestKey::Number(-7));
    let text = request_key(&RequestId::String("jane@example.com".into()), &install);
    assert_eq!(text, RequestKey::Hash(install.text("request", "jane@example.com")));
    assert_ne!(text, RequestKey::Hash(install.text("session", "jane@example.com")));
}

#[test]
fn d12_answers_and_state_of_a_request_mark_a_continuation() {
    let is = |params: &CallToolRequestParams| {
        is_continuation(params.input_responses.as_ref(), params.request_state.as_ref())
    };
    let plain = CallToolRequestParams::new("echo");
    assert!(!is(&plain));
    assert!(is(&plain.clone().with_request_state("")));
    assert!(is(&plain.with_input_responses(Default::default())));
}

#[test]
fn a_caller_without_a_session_has_no_scope_of_repeats() {
    assert_eq!(repeat_scope(&Caller::default()), 0);
}
