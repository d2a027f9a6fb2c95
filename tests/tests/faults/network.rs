//! Endpoints that are not there, come back, or have no name.

use std::io::{BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use toolwatch::testing::Reply;
use toolwatch_tests::ports;

use crate::here::{Here, PATIENCE};

/// A collector on a port of the test's choice, which can be stopped with all its connections.
struct Stoppable {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    events: Arc<Mutex<Vec<String>>>,
    accepting: Option<JoinHandle<()>>,
}

impl Stoppable {
    fn start(address: SocketAddr, events: &Arc<Mutex<Vec<String>>>) -> Self {
        let listener = TcpListener::bind(address).expect("the port is free");
        let address = listener.local_addr().expect("an address");
        let (ended, events) = (Arc::<AtomicBool>::default(), Arc::clone(events));
        let (over, taken) = (Arc::clone(&ended), Arc::clone(&events));
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                // One request per connection, so that none outlives the collector.
                let _ = serve(stream, &taken);
            }
        });
        Self { address, ended, events, accepting: Some(accepting) }
    }

    fn stop(mut self) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        self.accepting.take().map(JoinHandle::join);
        (self.address, self.events)
    }
}

fn serve(stream: TcpStream, events: &Mutex<Vec<String>>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        reader.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.and_then(|text| text.trim().parse().ok()).unwrap_or_default()];
    reader.read_exact(&mut body)?;
    let json: serde_json::Value = serde_json::from_slice(&body)?;
    let found = json["events"].as_array().into_iter().flatten();
    let ids = found.filter_map(|event| event["event_id"].as_str().map(str::to_owned));
    events.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
    writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
}

/// Flushes until nothing waits: the backoff of earlier failures may hold one flush up.
fn drain(here: &Here) {
    let deadline = Instant::now() + PATIENCE;
    while here.watch.flush(Duration::from_secs(1)).spooled > 0 && Instant::now() < deadline {}
}

fn distinct(events: &Mutex<Vec<String>>) -> usize {
    let mut ids = events.lock().unwrap_or_else(PoisonError::into_inner).clone();
    ids.sort_unstable();
    ids.dedup();
    ids.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoint_is_not_listening_and_then_it_is() {
    let events = Arc::<Mutex<Vec<String>>>::default();
    let address = ports::quiet().expect("a port");
    let mut here = Here::start_with("nobody listens at the endpoint", |builder, _, _| {
        builder.endpoint(format!("http://{address}")).api_key("key")
    })
    .await;
    here.rounds(2).await;
    let deadline = Instant::now() + PATIENCE;
    while here.numbers().get("retries") == 0 {
        assert!(Instant::now() < deadline, "it is tried");
        here.watch.flush(Duration::from_millis(50));
    }
    assert_eq!(here.numbers().get("spooled"), here.session.calls as u64);
    let collector = Stoppable::start(address, &events);
    here.rounds(1).await;
    drain(&here);
    let numbers = here.check_now().await;
    assert_eq!(numbers.get("delivered"), here.session.calls as u64, "it recovers");
    assert_eq!(distinct(&events), here.session.calls);
    collector.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_collector_restarts() {
    let events = Arc::<Mutex<Vec<String>>>::default();
    let mut collector = Stoppable::start(ports::quiet().expect("a port"), &events);
    let endpoint = format!("http://{}", collector.address);
    let mut here = Here::start_with("the collector restarts thrice", |builder, _, _| {
        builder.endpoint(endpoint).api_key("key")
    })
    .await;
    for _ in 0..3 {
        here.rounds(1).await;
        drain(&here);
        let (address, _) = collector.stop();
        here.rounds(1).await;
        here.watch.flush(Duration::from_millis(50));
        collector = Stoppable::start(address, &events);
    }
    drain(&here);
    let numbers = here.check_now().await;
    assert_eq!(numbers.get("delivered"), here.session.calls as u64);
    assert_eq!(distinct(&events), here.session.calls);
    collector.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_endpoints_host_has_no_name() {
    // RFC 6761 keeps `.invalid` from ever being a name.
    let mut here = Here::start_with("the endpoint's host has no name", |builder, _, _| {
        builder.endpoint("http://collector.invalid").api_key("key")
    })
    .await;
    here.rounds(2).await;
    let before = Instant::now();
    here.watch.flush(Duration::from_secs(1));
    here.watch.shutdown(Duration::from_millis(100));
    assert!(before.elapsed() < PATIENCE, "{:?}", before.elapsed());
    let numbers = here.check_now().await;
    assert_eq!(numbers.get("spooled"), here.session.calls as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_collector_hangs_and_resets() {
    let mut here = Here::start("the collector hangs, resets and refuses", |builder, _| {
        builder.http_timeout(Duration::from_millis(500))
    })
    .await;
    here.receiver.script([Reply::hang(), Reply::reset(), Reply::status(503), Reply::hang()]);
    here.rounds(3).await;
    drain(&here);
    let numbers = here.check_delivered().await;
    // A busy machine may be too late with an answer of its own.
    assert!(numbers.get("retries") >= 4, "{numbers:?}");
}
