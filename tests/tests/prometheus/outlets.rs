//! The metrics where the author has a place for them: an axum router, a registry, a namespace.

use rmcp::ServiceExt;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpClientTransport, StreamableHttpService};
use toolwatch::prometheus::prometheus::{IntCounter, Registry, TextEncoder, core::Collector as _};
use toolwatch::prometheus::{Exporter, TEXT_FORMAT};
use toolwatch_tests::server::watched;

use crate::exposition::parse;
use crate::{builder, call, get, send, session, text};

#[tokio::test(flavor = "multi_thread")]
async fn an_axum_server_shows_metrics_beside_its_tools() {
    let watch = builder().metrics().build().expect("a watch");
    let watched = watch.clone();
    let tools = StreamableHttpService::new(
        move || Ok(watched.wrap(watched::Server)),
        LocalSessionManager::default().into(),
        Default::default(),
    );
    let router = axum::Router::new()
        .nest_service("/mcp", tools)
        .route_service("/metrics", Exporter::new(&watch).service());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, router).await });
    let url = format!("http://{address}/mcp");
    let client = ().serve(StreamableHttpClientTransport::from_uri(url)).await.expect("a client");
    call(&client, "echo", text("hello")).await;
    let asked = tokio::task::spawn_blocking(move || {
        let post = format!("POST /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n");
        (get(address, "/metrics").expect("an answer"), send(address, &post).expect("an answer"))
    });
    let ((head, body), (refused, _)) = asked.await.expect("answers");
    assert!(head.starts_with("HTTP/1.0 200 OK"), "{head}");
    assert!(head.to_lowercase().contains(&format!("content-type: {TEXT_FORMAT}")), "{head}");
    let read = parse(&body).expect("the text can be read");
    assert_eq!(read.value("mcp_tool_calls_total", &[("tool", "echo"), ("status", "ok")]), 1.0);
    assert!(refused.starts_with("HTTP/1.0 405") && refused.contains("allow: GET"), "{refused}");
}

#[tokio::test]
async fn an_own_registry_takes_the_metrics_of_two_watches_beside_its_own() {
    let (docs, shop) = (builder().metrics().build(), builder().metrics().build());
    let (docs, shop) = (docs.expect("a watch"), shop.expect("a watch"));
    let client = session(&docs).await;
    call(&client, "echo", text("hello")).await;
    let registry = Registry::new_custom(
        Some("app".to_owned()),
        Some([("zone".to_owned(), "a".to_owned())].into()),
    );
    let registry = registry.expect("a registry");
    let own = IntCounter::new("orders_total", "Orders.").expect("a counter");
    registry.register(Box::new(own.clone())).expect("registered");
    registry.register(Box::new(Exporter::new(&docs))).expect("registered");
    registry.register(Box::new(Exporter::new(&docs))).expect_err("the same one again");
    own.inc();
    let text = TextEncoder::new().encode_to_string(&registry.gather()).expect("a text");
    let read = parse(&text).expect("the text can be read");
    assert_eq!(read.value("app_orders_total", &[("zone", "a")]), 1.0);
    let labels = [("tool", "echo"), ("status", "ok"), ("zone", "a")];
    assert_eq!(read.value("app_mcp_tool_calls_total", &labels), 1.0);
    let of_shop = Exporter::new(&shop).namespace("shop").expect("a namespace");
    assert!(parse(&of_shop.text()).expect("a text").0.contains_key("shop_resource_reads_total"));
}

#[tokio::test]
async fn what_is_collected_was_described() {
    let watch = builder().metrics().build().expect("a watch");
    let client = session(&watch).await;
    call(&client, "echo", text("hello")).await;
    let exporter = Exporter::new(&watch).namespace("docs").expect("a namespace");
    let descriptions = exporter.desc();
    for family in exporter.collect() {
        let described = descriptions.iter().find(|desc| desc.fq_name == family.name());
        let described = described.unwrap_or_else(|| panic!("{} is not described", family.name()));
        assert_eq!(described.help, family.help());
        for label in family.get_metric().iter().flat_map(|sample| sample.get_label()) {
            assert!(described.variable_labels.contains(&label.name().to_owned()));
        }
    }
}

#[test]
fn a_namespace_that_makes_no_name_is_refused() {
    let watch = builder().metrics().build().expect("a watch");
    for namespace in ["", "my-server", "1st", "a b", "ü", "a\n", &"x".repeat(65)] {
        let refused = Exporter::new(&watch).namespace(namespace);
        assert!(refused.is_err_and(|error| error.is_configuration()), "{namespace:?}");
        let refused = builder().metrics().prometheus_namespace(namespace).build();
        assert_eq!(refused.is_err(), !namespace.is_empty(), "{namespace:?}");
    }
}
