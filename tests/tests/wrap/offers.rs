//! D9: resources, prompts and completions, by what the server lists.

use rmcp::model::*;
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use toolwatch::local::Record;
use toolwatch_tests::observed::Recorder;
use toolwatch_tests::posts::{self, Posts};
use toolwatch_tests::wrapped::{Era, Lines, of_type};

/// A library of notes, whose every page has one entry.
#[derive(Clone)]
struct Library;

fn made<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a value of the protocol")
}

fn page(request: Option<PaginatedRequestParams>, name: &str, entries: [Value; 2]) -> Value {
    let is_second = request.is_some_and(|page| page.cursor.is_some());
    let [first, second] = entries;
    match is_second {
        true => json!({ name: [second] }),
        false => json!({ name: [first], "nextCursor": "2" }),
    }
}

impl ServerHandler for Library {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_prompts()
            .enable_resources()
            .enable_completions()
            .build();
        ServerConfig::new(capabilities)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let one = json!({ "uri": "note:index", "name": "index" });
        let other = json!({ "uri": "file:///secret/plan.txt", "name": "plan" });
        Ok(made(page(request, "resources", [one, other])))
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let one = json!({ "uriTemplate": "note://{owner}/{id}", "name": "note" });
        let other = json!({ "uriTemplate": "note://{owner}/drafts/{id}", "name": "draft" });
        Ok(made(page(request, "resourceTemplates", [one, other])))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        if request.uri.contains("gone") {
            return Err(ErrorData::resource_not_found("no such note", None));
        }
        let uri = request.uri;
        let contents = json!([{ "uri": uri, "text": "äöü" }, { "uri": uri, "blob": "AAAA" }, { "uri": uri, "text": "" }]);
        Ok(ReadResourceResponse::Complete(made(json!({ "contents": contents }))))
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let one = json!({ "name": "greet", "arguments": [{ "name": "who", "required": true }, { "name": "tone" }] });
        Ok(made(page(request, "prompts", [one, json!({ "name": "bare" })])))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let text = json!({ "type": "text", "text": json!(request.arguments).to_string() });
        Ok(GetPromptResponse::Complete(made(
            json!({ "messages": [{ "role": "user", "content": text }] }),
        )))
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Ok(made(json!({ "completion": { "values": ["ann", "bob", "cy"], "hasMore": true } })))
    }
}

struct Session {
    recorder: Recorder,
    lines: Lines,
}

impl Session {
    async fn start() -> Self {
        let recorder = Recorder::start();
        let server = recorder.watch.wrap(Library);
        let lines = Lines::of(server, Era::Session).start().await.expect("the handshake");
        Self { recorder, lines }
    }

    async fn list(&mut self, method: &str) {
        for params in [json!({}), json!({ "cursor": "2" })] {
            self.lines.request(method, params).await.expect("a list");
        }
    }

    async fn read(&mut self, uri: &str) -> Record {
        self.lines.request("resources/read", json!({ "uri": uri })).await.expect("a reply");
        of_type(&self.recorder.records(), "resource_read").pop().expect("an event")
    }

    async fn request(&mut self, method: &str, params: Value) -> Record {
        self.lines.request(method, params).await.expect("a reply");
        self.recorder.records().pop().expect("an event")
    }
}

fn resource(record: &Record) -> &Value {
    &record.attributes.others["resource"]
}

#[tokio::test]
async fn d9_a_resource_is_named_by_the_list_or_its_template_and_measured() {
    let mut session = Session::start().await;
    session.list("resources/list").await;
    session.list("resources/templates/list").await;
    for (uri, name, template, scheme) in [
        ("note:index", "index", Value::Null, "note"),
        ("note://ann/7", "note://{owner}/{id}", json!("note://{owner}/{id}"), "note"),
        (
            "note://ann/drafts/7",
            "note://{owner}/drafts/{id}",
            json!("note://{owner}/drafts/{id}"),
            "note",
        ),
        ("file:///secret/plan.txt", "plan", Value::Null, "file"),
        ("file:///secret/other.txt", "_unknown", Value::Null, "file"),
        ("memo://secret", "_unknown", Value::Null, "_other"),
    ] {
        let record = session.read(uri).await;
        assert_eq!(record.event_name, name, "{uri}");
        let shape = resource(&record);
        assert_eq!(shape["template"], template, "{uri}");
        assert_eq!(shape["scheme"], scheme, "{uri}");
        assert_eq!(shape["uri_chars"], uri.len(), "{uri}");
        assert_eq!((&shape["texts"], &shape["blobs"]), (&json!(2), &json!(1)));
        assert_eq!(shape["content_bytes"], 10);
        assert!(record.response_content.expect("a result").bytes > 10);
    }
    let text = json!(session.recorder.records()).to_string();
    for secret in ["ann", "secret", "äöü", "AAAA"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn d9_reads_before_any_list_and_failed_reads_are_recorded() {
    let mut session = Session::start().await;
    let record = session.read("note:index").await;
    assert_eq!((record.event_name.as_str(), record.is_error), ("_unknown", false));
    session.list("resources/list").await;
    let record = session.read("note:index/gone").await;
    assert_eq!(record.attributes.outcome.as_deref(), Some("protocol_error"));
    assert_eq!(record.error_code, Some(json!(-32002)));
}

fn reads(record: &Record) -> (Option<bool>, Option<u64>, Option<u64>) {
    let shape = resource(record);
    (
        shape["cache_hit"].as_bool(),
        shape["session_reads"].as_u64(),
        shape["session_rereads"].as_u64(),
    )
}

#[tokio::test]
async fn d9_rereads_are_counted_per_session() {
    let recorder = Recorder::start();
    let watch = recorder.watch.clone();
    let address = posts::serve(move || watch.wrap(Library)).await;
    let mut first = Posts::start(address, Era::Session, "first").await.expect("a client");
    let mut second = Posts::start(address, Era::Session, "second").await.expect("a client");
    let mut stateless = Posts::start(address, Era::Stateless, "third").await.expect("a client");
    for (client, uri) in
        [(0, "a:1"), (0, "a:2"), (1, "a:1"), (0, "a:1"), (1, "a:1"), (0, "a:1"), (2, "a:1")]
    {
        let client = [&mut first, &mut second, &mut stateless][client]
            .request("resources/read", json!({ "uri": uri }));
        client.await.expect("a reply");
    }
    let seen: Vec<_> = of_type(&recorder.records(), "resource_read").iter().map(reads).collect();
    let read = |is_hit, reads, rereads| (Some(is_hit), Some(reads), Some(rereads));
    assert_eq!(
        seen,
        [
            read(false, 1, 0),
            read(false, 2, 0),
            read(false, 1, 0),
            read(true, 3, 1),
            read(true, 2, 1),
            read(true, 4, 2),
            (None, None, None),
        ]
    );
}

#[tokio::test]
async fn d9_prompts_are_recorded_by_their_declared_arguments() {
    let mut session = Session::start().await;
    let get = json!({ "name": "greet", "arguments": { "who": "Ann", "secret": "s3cret" } });
    let before = session.request("prompts/get", get.clone()).await;
    assert_eq!(before.event_name, "_unknown");
    session.list("prompts/list").await;
    let record = session.request("prompts/get", get).await;
    assert_eq!((record.event_type.as_str(), record.event_name.as_str()), ("prompt_get", "greet"));
    let shape = record.request_params.expect("arguments");
    assert_eq!((shape.keys, shape.unknown_keys, shape.schema_valid), (2, 1, Some(true)));
    assert_eq!(shape.fields["who"]["len"], 3);
    let record = session.request("prompts/get", json!({ "name": "greet", "arguments": {} })).await;
    assert_eq!(record.request_params.expect("arguments").missing, ["who"]);
    let record = session.request("prompts/get", json!({ "name": "bare" })).await;
    assert_eq!(
        (record.event_name.as_str(), record.request_params.expect("none").keys),
        ("bare", 0)
    );
    let record = session.request("prompts/get", json!({ "name": "s3cret" })).await;
    assert_eq!(record.event_name, "_unknown");
    assert!(record.response_content.expect("a result").bytes > 0);
    let text = json!(session.recorder.records()).to_string();
    assert!(!text.contains("s3cret") && !text.contains("Ann") && !text.contains("\"secret\""));
}

#[tokio::test]
async fn d9_completions_tell_what_was_completed_and_how_much_came() {
    let mut session = Session::start().await;
    let of_prompt = json!({
        "ref": { "type": "ref/prompt", "name": "greet" },
        "argument": { "name": "who", "value": "an" },
        "context": { "arguments": { "tone": "kind" } },
    });
    let before = session.request("completion/complete", of_prompt.clone()).await;
    assert_eq!(before.event_name, "_unknown");
    session.list("prompts/list").await;
    session.list("resources/templates/list").await;
    let record = session.request("completion/complete", of_prompt).await;
    assert_eq!((record.event_type.as_str(), record.event_name.as_str()), ("completion", "greet"));
    let expected = json!({ "reference": "prompt", "argument": "who", "value_chars": 2, "context_keys": 1, "values": 3, "more": true });
    assert_eq!(record.attributes.others["completion"], expected);
    let of_resource = json!({
        "ref": { "type": "ref/resource", "uri": "note://{owner}/{id}" },
        "argument": { "name": "owner", "value": "" },
    });
    let record = session.request("completion/complete", of_resource).await;
    assert_eq!(record.event_name, "note://{owner}/{id}");
    let expected = json!({ "reference": "resource", "argument": "owner", "value_chars": 0, "values": 3, "more": true });
    assert_eq!(record.attributes.others["completion"], expected);
    let unknown = json!({
        "ref": { "type": "ref/prompt", "name": "s3cret" },
        "argument": { "name": "p4ss", "value": "w0rd" },
    });
    let record = session.request("completion/complete", unknown).await;
    assert_eq!(record.event_name, "_unknown");
    assert_eq!(record.attributes.others["completion"].get("argument"), None);
    let text = json!(session.recorder.records()).to_string();
    assert!(["s3cret", "p4ss", "w0rd", "kind", "ann"].iter().all(|word| !text.contains(word)));
}
