//! A server on a thread of its own, whose processor time can be asked for.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rmcp::{ServerHandler, ServiceExt};
use tokio::io::DuplexStream;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::clock;
use crate::driver::Driver;

enum Command {
    /// Answer with the thread's processor time.
    Clock(SyncSender<Duration>),
    /// Walk through this much memory first, so that the next call finds cold caches.
    Chill(SyncSender<Duration>),
}

/// A running server and the driver of its only connection.
pub struct ServerThread {
    /// The client's side.
    pub driver: Driver,
    commands: Option<UnboundedSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl ServerThread {
    /// Starts a server on a new thread with a runtime of its own, and shakes hands.
    pub fn start<H: ServerHandler>(name: &str, make: impl FnOnce() -> H + Send + 'static) -> io::Result<Self> {
        let (client, server) = tokio::io::duplex(1 << 18);
        let (commands, receiver) = unbounded_channel();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || serve(make(), server, receiver))?;
        Ok(Self { driver: Driver::connect(client)?, commands: Some(commands), thread: Some(thread) })
    }

    /// The processor time of the server's thread until now.
    pub fn cpu(&self) -> Duration {
        self.ask(Command::Clock)
    }

    /// Empties the caches as the server's thread sees them, then reads its clock.
    pub fn chill(&self) -> Duration {
        self.ask(Command::Chill)
    }

    fn ask(&self, command: impl FnOnce(SyncSender<Duration>) -> Command) -> Duration {
        let (sender, receiver) = sync_channel(1);
        let sent = self.commands.as_ref().is_some_and(|commands| commands.send(command(sender)).is_ok());
        assert!(sent, "the server's thread has ended");
        receiver.recv().expect("the server's thread answers")
    }
}

impl Drop for ServerThread {
    fn drop(&mut self) {
        drop(self.commands.take());
        self.thread.take().map(JoinHandle::join);
    }
}

fn serve<H: ServerHandler>(handler: H, stream: DuplexStream, mut commands: UnboundedReceiver<Command>) {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let running = handler.serve(stream).await.expect("the handshake");
        let mut memory = Vec::new();
        while let Some(command) = commands.recv().await {
            match command {
                Command::Clock(answer) => answer.send(clock::thread_cpu()).ok(),
                Command::Chill(answer) => {
                    chill(&mut memory);
                    answer.send(clock::thread_cpu()).ok()
                }
            };
        }
        drop(running);
    });
}

/// Touches every line of a block larger than a core's own caches.
fn chill(memory: &mut Vec<u8>) {
    memory.resize(8 << 20, 0);
    for line in memory.chunks_mut(64) {
        line[0] = line[0].wrapping_add(1);
    }
    std::hint::black_box(memory);
}
