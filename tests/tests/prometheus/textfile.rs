//! The text file: one for each process, whole at any time, with the last numbers at the end.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use toolwatch_tests::raw::RawServer;

use crate::exposition::{Exposition, parse};
use crate::{PATIENCE, WRAPPED, builder, call, session, text};

fn start(path: &Path) -> RawServer {
    let path = path.to_string_lossy();
    let variables = [("TOOLWATCH_PROMETHEUS_TEXTFILE", &*path)];
    let mut server =
        RawServer::start(WRAPPED, &["watched", "stdio"], &variables).expect("a server");
    server.initialize().expect("the handshake");
    server
}

fn call_times(server: &mut RawServer, times: usize) {
    (0..times).for_each(|_| drop(server.call("echo", text("x")).expect("a reply")));
}

fn read(path: &Path) -> Exposition {
    let text = std::fs::read_to_string(path);
    let text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    parse(&text).expect("the file is whole")
}

fn echoes(read: &Exposition, process: &str) -> f64 {
    let labels = [("server", "wrapped"), ("process", process), ("tool", "echo"), ("status", "ok")];
    read.value("mcp_tool_calls_total", &labels)
}

fn names(directory: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    entries.map(|entry| entry.expect("one").file_name().to_string_lossy().into_owned()).collect()
}

#[test]
fn processes_that_share_a_path_have_a_file_each_and_take_over_those_of_the_dead() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("docs.prom");
    let (mut first, mut second) = (start(&path), start(&path));
    call_times(&mut first, 3);
    call_times(&mut second, 5);
    first.end().expect("the end");
    let files = [directory.path().join("docs.0.prom"), directory.path().join("docs.1.prom")];
    assert_eq!(echoes(&read(&files[0]), "0"), 3.0, "the last numbers stay");
    second.kill().expect("killed");
    let (zero, one) = (read(&files[0]).samples(), read(&files[1]).samples());
    assert!(zero.keys().all(|sample| !one.contains_key(sample)), "no sample is in both");

    let (mut third, fourth) = (start(&path), start(&path));
    call_times(&mut third, 1);
    third.end().expect("the end");
    fourth.end().expect("the end");
    assert_eq!(echoes(&read(&files[0]), "0"), 1.0);
    assert!(
        read(&files[1])
            .find("mcp_resource_reads_total", &[("server", "wrapped"), ("process", "1")])
            .is_some()
    );
    let left = names(directory.path());
    let expected = ["docs.0.lock", "docs.0.prom", "docs.1.lock", "docs.1.prom"];
    assert_eq!(left, expected.map(str::to_owned).into(), "and nothing else is left");
}

#[tokio::test]
async fn a_directory_gets_files_and_shutdown_and_drop_leave_the_last_numbers() {
    for (server, is_shut_down) in [("a\nb", true), ("plain", false)] {
        // The thread of a watch keeps its number for a moment after the end.
        let directory = tempfile::tempdir().expect("a directory");
        let watch = builder().server(server, "1").prometheus_textfile(directory.path()).build();
        let watch = watch.expect("a watch");
        let client = session(&watch).await;
        call(&client, "echo", text("hello")).await;
        client.cancel().await.expect("the end");
        if is_shut_down {
            watch.shutdown(PATIENCE);
            watch.shutdown(PATIENCE);
        } else {
            // The server's task, which needs this thread, may let go of its handle a moment later.
            let (file, started) = (directory.path().join("toolwatch.0.prom"), Instant::now());
            drop(watch);
            let has_last = |text: String| text.contains("tool=\"echo\"");
            while !std::fs::read_to_string(&file).is_ok_and(has_last) {
                assert!(started.elapsed() < PATIENCE, "no last numbers");
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        let read = read(&directory.path().join("toolwatch.0.prom"));
        let server = server.replace('\n', "\\u{a}");
        let labels = [("server", &*server), ("process", "0"), ("tool", "echo"), ("status", "ok")];
        assert_eq!(read.value("mcp_tool_calls_total", &labels), 1.0);
    }
}

#[test]
fn a_file_that_cannot_be_written_costs_one_line_and_nothing_else() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut server = start(&directory.path().join("missing").join("docs.prom"));
    call_times(&mut server, 1);
    let (status, _, errors) = server.end().expect("the end");
    let errors = String::from_utf8_lossy(&errors).into_owned();
    assert!(status.success() && errors.lines().count() == 1, "{errors}");
    assert!(errors.contains("the textfile of the metrics cannot be written"), "{errors}");
}
