//! What a watch itself does to show its numbers to Prometheus: a listener and a text file, both off
//! unless somebody asks for them.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::active::Inner;
use super::environment::Environment;
use super::{Active, Numbers, Watch, WatchBuilder};
use crate::error::Error;
use crate::prometheus::{Exporter, Listener, NAMESPACE, Source, TextFile, check_namespace};
use crate::stderr;

const NOT_LOOPBACK: &str =
    "metrics are shown on the loopback device alone, unless prometheus_listen_any is set";

/// Options and variables.
#[derive(Default)]
pub(super) struct Options {
    listen: Option<SocketAddr>,
    listen_any: Option<bool>,
    textfile: Option<PathBuf>,
    namespace: Option<String>,
}

/// What is to be opened.
pub(super) struct Plan {
    listen: Option<SocketAddr>,
    textfile: Option<PathBuf>,
    namespace: String,
    server_name: String,
}

/// What is open.
#[derive(Default)]
pub(super) struct Outlets {
    listener: Option<Listener>,
    textfile: Option<TextFile>,
}

impl WatchBuilder {
    /// Shows metrics at `http://{address}/metrics`, on a thread of the watch's own: for servers that
    /// speak no HTTP, such as those over stdio. Port 0 takes a free one, which
    /// [`Watch::prometheus_address`] tells. Only an address of the loopback device is taken
    /// ([`prometheus_listen_any`](Self::prometheus_listen_any)). A port that is in use costs one
    /// line on stderr, and nothing else.
    #[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
    pub fn prometheus_listen(mut self, address: SocketAddr) -> Self {
        self.prometheus.listen = Some(address);
        self
    }

    /// Whether metrics may be shown at addresses that other machines can reach. They hold names of
    /// tools and numbers, and nobody is asked who they are.
    #[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
    pub fn prometheus_listen_any(mut self, any: bool) -> Self {
        self.prometheus.listen_any = Some(any);
        self
    }

    /// Keeps metrics in a file for the textfile collector of the node exporter, written whole every
    /// 15 s and when the watch ends. Each process that shares the path has a file of its own:
    /// `docs.prom` becomes `docs.0.prom`, `docs.1.prom` and so on, and in a directory the files are
    /// `toolwatch.0.prom` and so on. A file that cannot be written costs one line on stderr. An empty
    /// path counts as unset.
    #[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
    pub fn prometheus_textfile(mut self, path: impl Into<PathBuf>) -> Self {
        self.prometheus.textfile = Some(path.into()).filter(|path| !path.as_os_str().is_empty());
        self
    }

    /// The namespace of the listener's and the file's metrics: `{namespace}_tool_calls_total`. It
    /// has 1 to 64 letters, digits and `_`, and no digit first.
    #[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
    pub fn prometheus_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.prometheus.namespace = Some(namespace.into()).filter(|name| !name.is_empty());
        self
    }
}

impl Options {
    /// Fills unset options from the variables, and says whether there is anything to open.
    pub(super) fn merge(&mut self, env: &mut Environment<'_>) -> Result<bool, Error> {
        if let Some(namespace) = &self.namespace {
            check_namespace(namespace)?;
        }
        self.listen_any = self.listen_any.or_else(|| env.flag("TOOLWATCH_PROMETHEUS_LISTEN_ANY"));
        match self.listen {
            Some(address) if !self.may_listen(address) => {
                return Err(Error::configuration(NOT_LOOPBACK));
            }
            Some(_) => {}
            None => self.listen = self.listen_of(env),
        }
        self.textfile = self
            .textfile
            .take()
            .or_else(|| env.text("TOOLWATCH_PROMETHEUS_TEXTFILE").map(PathBuf::from));
        self.namespace = self.namespace.take().or_else(|| namespace_of(env));
        Ok(self.listen.is_some() || self.textfile.is_some())
    }

    fn may_listen(&self, address: SocketAddr) -> bool {
        address.ip().is_loopback() || self.listen_any == Some(true)
    }

    fn listen_of(&self, env: &mut Environment<'_>) -> Option<SocketAddr> {
        let text = env.text("TOOLWATCH_PROMETHEUS_LISTEN")?;
        let numeric = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
        let Ok(address) = numeric.unwrap_or(text).parse() else {
            env.warn(
                "TOOLWATCH_PROMETHEUS_LISTEN must be an address and a port, such as \
                 127.0.0.1:9464; showing no metrics",
            );
            return None;
        };
        if !self.may_listen(address) {
            env.warn(
                "TOOLWATCH_PROMETHEUS_LISTEN must be a loopback address, unless \
                 TOOLWATCH_PROMETHEUS_LISTEN_ANY is 1; showing no metrics",
            );
            return None;
        }
        Some(address)
    }

    pub(super) fn resolve(self, server_name: &str) -> Plan {
        Plan {
            listen: self.listen,
            textfile: self.textfile,
            namespace: self.namespace.unwrap_or_else(|| NAMESPACE.to_owned()),
            server_name: server_name.to_owned(),
        }
    }
}

fn namespace_of(env: &mut Environment<'_>) -> Option<String> {
    let namespace = env.text("TOOLWATCH_PROMETHEUS_NAMESPACE")?;
    if check_namespace(&namespace).is_err() {
        env.warn(
            "TOOLWATCH_PROMETHEUS_NAMESPACE must have 1 to 64 letters, digits and `_`, and no \
             digit first; using the default",
        );
        return None;
    }
    Some(namespace)
}

impl Plan {
    /// What cannot be opened is told, and never stops the server.
    fn open(self, active: &Active, env: &mut Environment<'_>) -> Outlets {
        let exporter = Exporter::of(active.source(), self.namespace);
        let mut outlets = Outlets::default();
        if let Some(address) = self.listen {
            match Listener::start(address, exporter.clone()) {
                Ok(listener) => outlets.listener = Some(listener),
                Err(error) => env.warn(format!(
                    "metrics cannot be shown at {address} ({}); another process may show its own \
                     there",
                    error.kind()
                )),
            }
        }
        if let Some(path) = self.textfile {
            match TextFile::start(&path, &exporter, &self.server_name, say_unwritten) {
                Ok(textfile) => outlets.textfile = Some(textfile),
                Err(error) => env.warn(unwritten(&error)),
            }
        }
        outlets
    }
}

fn say_unwritten(error: &io::Error) {
    stderr::say(format_args!("{}", unwritten(error)));
}

fn unwritten(error: &io::Error) -> String {
    format!("the textfile of the metrics cannot be written ({})", error.kind())
}

impl Outlets {
    /// Closes the listener, and writes the last numbers.
    fn close(&self, numbers: impl FnOnce() -> Numbers) {
        if let Some(listener) = &self.listener {
            listener.end();
        }
        if let Some(textfile) = &self.textfile {
            textfile.end(&numbers());
        }
    }
}

impl Watch {
    /// Where the watch shows metrics: the address of its listener, with the port that it got.
    ///
    /// ```
    /// # fn main() -> Result<(), toolwatch::Error> {
    /// let watch = toolwatch::Watch::builder().prometheus_listen(([127, 0, 0, 1], 0).into()).build()?;
    /// assert!(watch.prometheus_address().is_some_and(|address| address.port() != 0));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "prometheus")))]
    #[must_use]
    pub fn prometheus_address(&self) -> Option<SocketAddr> {
        let outlets = self.active()?.0.outlets.get()?;
        outlets.listener.as_ref().map(Listener::address)
    }

    /// The numbers by whenever they are asked for. They do not keep the watch.
    pub(crate) fn numbers(&self) -> Arc<Source> {
        self.active().map_or_else(|| Arc::new(|| None) as Arc<Source>, Active::source)
    }
}

impl Active {
    /// Opens what was asked for, once.
    pub(super) fn open(&self, plan: Plan, env: &mut Environment<'_>) {
        let _ = self.0.outlets.set(plan.open(self, env));
        if let Some(listener) = self.0.outlets.get().and_then(|open| open.listener.as_ref())
            && self.settings().debug
        {
            stderr::say(format_args!("metrics are at http://{}/metrics", listener.address()));
        }
    }

    pub(super) fn close_outlets(&self) {
        self.0.close_outlets();
    }
}

impl Inner {
    pub(super) fn close_outlets(&self) {
        if let Some(outlets) = self.outlets.get() {
            outlets.close(|| self.numbers());
        }
    }
}
