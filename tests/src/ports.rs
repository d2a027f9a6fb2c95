//! Ports for those who have to know theirs before they listen.

use std::hash::{BuildHasher as _, RandomState};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpSocket;

/// The first port that may be chosen, and how many there are: below those that kernels give to
/// whoever asks for any.
const FIRST: u16 = 10_000;
const COUNT: u64 = 20_000;

/// How many ports are tried.
const TRIES: usize = 100;

/// An address of the loopback interface that nobody listens at. No socket that asks for any port
/// gets it, so it stays free until somebody takes it by its number. Each is handed out once.
///
/// # Errors
///
/// When none of the ports that are tried is free.
pub fn quiet() -> io::Result<SocketAddr> {
    (1..TRIES).find_map(|_| next().ok()).map_or_else(next, Ok)
}

fn next() -> io::Result<SocketAddr> {
    static NEXT: LazyLock<AtomicU64> =
        LazyLock::new(|| AtomicU64::new(RandomState::new().hash_one(COUNT) % COUNT));
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
    let port = FIRST + u16::try_from(number).unwrap_or_default();
    // It never listens: a copy of it, in a process that another test begins, is in nobody's way.
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.local_addr()
}
