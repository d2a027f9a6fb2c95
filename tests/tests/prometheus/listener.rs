//! The listener of a watch: who is answered, and that nothing stops it or the server.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};

use toolwatch::Watch;
use toolwatch::prometheus::TEXT_FORMAT;

use crate::exposition::parse;
use crate::{PATIENCE, WRAPPED, builder, get, send, start_listening, text, wait_for};
use toolwatch_tests::ports;
use toolwatch_tests::raw::RawServer;

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

fn listening() -> (Watch, SocketAddr) {
    listening_at(ANY_PORT)
}

fn listening_at(address: SocketAddr) -> (Watch, SocketAddr) {
    let watch = builder().prometheus_listen(address).build().expect("a watch");
    let address = watch.prometheus_address().expect("it listens");
    (watch, address)
}

#[test]
fn a_stdio_server_shows_its_metrics_because_of_a_variable_alone() {
    let (mut server, address) = start_listening(&[("TOOLWATCH_PROMETHEUS_NAMESPACE", "docs")]);
    server.initialize().expect("the handshake");
    server.call("echo", text("hello")).expect("a reply");
    let (head, body) = get(address, "/metrics").expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains(&format!("\r\nContent-Type: {TEXT_FORMAT}\r\n")), "{head}");
    assert!(head.contains(&format!("\r\nContent-Length: {}\r\n", body.len())), "{head}");
    let read = parse(&body).expect("the text can be read");
    assert_eq!(read.value("docs_tool_calls_total", &[("tool", "echo"), ("status", "ok")]), 1.0);
    let (status, stdout, _) = server.end().expect("the end");
    assert!(status.success() && stdout.is_empty(), "nothing is on stdout");
    // Another test may have been given the port by now.
    let shown = get(address, "/metrics").map(|(_, body)| body).unwrap_or_default();
    assert!(!shown.contains("docs_tool_calls_total"), "the listener has ended");
}

#[test]
fn only_what_is_asked_for_correctly_is_answered() {
    let (_watch, address) = listening();
    let host = format!("Host: {address}\r\n");
    let big = format!("GET /metrics HTTP/1.1\r\n{host}X: {}\r\n\r\n", "x".repeat(20_000));
    for (request, status) in [
        (format!("GET /metrics HTTP/1.1\r\n{host}\r\n"), "200 OK"),
        (format!("POST /metrics HTTP/1.1\r\n{host}Content-Length: 3\r\n\r\nabc"), "405 Method"),
        (format!("GET /other HTTP/1.1\r\n{host}\r\n"), "404 Not Found"),
        ("GET /metrics HTTP/1.1\r\nHost: evil.example\r\n\r\n".to_owned(), "403 Forbidden"),
        ("\r\n\r\n".to_owned(), "400 Bad Request"),
        ("GET /metrics SPAM/9\r\n\r\n".to_owned(), "400 Bad Request"),
        (big, "431 Request"),
    ] {
        let (head, body) = send(address, &request).expect("an answer");
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{request:?}: {head}");
        assert_eq!(status == "200 OK", body.contains("toolwatch_build_info"), "{request:?}");
    }
    let head = format!("HEAD /metrics HTTP/1.1\r\n{host}\r\n");
    let (head, body) = send(address, &head).expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200 OK") && body.is_empty(), "{head}{body}");
}

#[test]
fn silent_slow_and_rude_clients_do_not_keep_a_scraper_out() {
    let (_watch, address) = listening();
    let connect = || TcpStream::connect(address).expect("a connection");
    // More than there are places; each would hold its place for ever if it could.
    let mut silent: Vec<TcpStream> = (0..12).map(|_| connect()).collect();
    silent.iter_mut().take(4).for_each(|stream| {
        stream.write_all(b"GET /metrics").expect("half a request");
    });
    for _ in 0..20 {
        connect().write_all(b"\x00\xff\x16\x03\x01").ok();
    }
    let text = wait_for("a place", || get(address, "/metrics").ok().map(|(_, body)| body));
    assert!(parse(&text).is_ok());
    let mut answer = String::new();
    silent[0].set_read_timeout(Some(PATIENCE)).expect("a limit");
    silent[0].read_to_string(&mut answer).ok();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
}

#[test]
fn a_port_in_use_costs_one_line_and_nothing_else() {
    let taken = TcpListener::bind(ANY_PORT).expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let variables = [("TOOLWATCH_PROMETHEUS_LISTEN", address.as_str())];
    let mut server =
        RawServer::start(WRAPPED, &["watched", "stdio"], &variables).expect("a server");
    server.initialize().expect("the handshake");
    assert!(server.call("echo", text("hello")).expect("a reply").contains("hello"));
    let (status, _, errors) = server.end().expect("the end");
    let errors = String::from_utf8_lossy(&errors).into_owned();
    assert!(status.success() && errors.lines().count() == 1, "{errors}");
    assert!(errors.starts_with("toolwatch: metrics cannot be shown at 127.0.0.1:"), "{errors}");
    let watch = builder().prometheus_listen(taken.local_addr().expect("an address")).build();
    let watch = watch.expect("a port in use is no error");
    assert!(watch.is_enabled() && watch.prometheus_address().is_none());
}

#[test]
fn addresses_that_others_can_reach_have_to_be_asked_for() {
    let open: SocketAddr = ([0, 0, 0, 0], 0).into();
    let refused = builder().prometheus_listen(open).build().expect_err("it is refused");
    assert!(refused.is_configuration(), "{refused}");
    let watch = builder().prometheus_listen(open).prometheus_listen_any(true).build();
    let watch = watch.expect("it was asked for");
    let port = watch.prometheus_address().expect("it listens").port();
    let elsewhere = "GET /metrics HTTP/1.1\r\nHost: node.example:9464\r\n\r\n";
    let (head, _) = send(([127, 0, 0, 1], port).into(), elsewhere).expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");

    for value in ["0.0.0.0:0", "[::]:0", "nonsense", "9464"] {
        let variables = [("TOOLWATCH_PROMETHEUS_LISTEN", value)];
        let server = RawServer::start(WRAPPED, &["watched", "stdio"], &variables);
        let mut server = server.expect("the server starts");
        server.initialize().expect("the handshake");
        let (status, _, errors) = server.end().expect("the end");
        let errors = String::from_utf8_lossy(&errors).into_owned();
        assert!(status.success() && errors.lines().count() == 1, "{value}: {errors}");
        assert!(errors.contains("TOOLWATCH_PROMETHEUS_LISTEN must be"), "{errors}");
    }
}

#[test]
fn the_listener_ends_with_the_watch_however_that_ends() {
    // Ports that no other test is given while they are looked at.
    let quiet = || ports::quiet().expect("a port");
    let (watch, address) = listening_at(quiet());
    watch.shutdown(PATIENCE);
    watch.shutdown(PATIENCE);
    wait_for("the end", || TcpStream::connect(address).err());
    let (watch, address) = listening_at(quiet());
    drop(watch);
    wait_for("the end", || TcpStream::connect(address).err());
}
