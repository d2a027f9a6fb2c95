//! Prints what a server's local record says: a table per tool, or JSON.
//!
//! It reads the files of a running or a stopped server and disturbs neither.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Parser;
use toolwatch::local::{Reader, Summary, default_directory};

/// Prints what toolwatch recorded of an MCP server.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// The directory of the record (what `TOOLWATCH_DIR` says).
    #[arg(long, env = "TOOLWATCH_DIR", conflicts_with = "server")]
    dir: Option<PathBuf>,
    /// The name of the server, when its record is in the default directory.
    #[arg(long)]
    server: Option<String>,
    /// Only calls of the last while: 30s, 15m, 12h or 7d.
    #[arg(long, value_parser = parse_span)]
    since: Option<Duration>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Go on, and print anew whenever there is something new. Ends with Ctrl-C.
    #[arg(long)]
    follow: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let directory = directory(arguments)?;
    let mut last = None;
    loop {
        let summary = summarize(&directory, arguments.since)?;
        let text =
            if arguments.json { serde_json::to_string(&summary)? } else { summary.to_string() };
        if last.as_ref() != Some(&text) {
            print(&text, arguments.follow && !arguments.json)?;
            last = Some(text);
        }
        if !arguments.follow {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn directory(arguments: &Arguments) -> Result<PathBuf, Box<dyn Error>> {
    let named = arguments.server.as_deref().and_then(default_directory);
    let directory = arguments
        .dir
        .clone()
        .or(named)
        .ok_or("say which record to read: --dir DIRECTORY or --server NAME")?;
    if !directory.is_dir() {
        let hint = "has the server run with TOOLWATCH_LOCAL=1, and is this its TOOLWATCH_DIR?";
        return Err(format!("there is no record in {}: {hint}", directory.display()).into());
    }
    Ok(directory)
}

fn summarize(
    directory: &std::path::Path,
    since: Option<Duration>,
) -> Result<Summary, Box<dyn Error>> {
    let reader = Reader::open(directory)?;
    let earliest = since.and_then(|span| SystemTime::now().checked_sub(span));
    Ok(match earliest {
        Some(earliest) => Summary::of(reader.since(earliest)),
        None => Summary::of(reader),
    })
}

fn print(text: &str, is_live: bool) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    if is_live && out.is_terminal() {
        write!(out, "\x1b[2J\x1b[H")?;
    }
    writeln!(out, "{text}")?;
    out.flush()?;
    Ok(())
}

fn parse_span(text: &str) -> Result<Duration, String> {
    let wrong =
        || format!("`{text}` is no span of time: write a number and s, m, h or d, such as 15m");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let count: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong())?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}
