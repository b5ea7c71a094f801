//! `muster serve` and `muster demo`: a process that works until it is told to stop.

mod files;
pub(crate) mod intake;
mod memory;
mod pair;
pub(crate) mod parts;
pub(crate) mod run;
pub(crate) mod setup;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use muster_console::http::{Access, Bounds, ConsoleSettings};
use muster_console::map::Scenery;
use muster_domain::catalogue::Catalogue;
use muster_domain::time::Span;
use muster_pipeline::clock::Clock;
use muster_pipeline::roles::Role;
use muster_sources::catalogue::{Kind, read_into};
use muster_sources::table::{Encoding, Table};
use muster_street::StreetSettings;
use tokio::net::{TcpListener, TcpSocket};
use tokio_util::sync::CancellationToken;

use crate::exit::Failure;
use crate::settings::{self, Settings};
use parts::Parts;
use run::{Listeners, Running};

/// The last minutes before the demo's start, delivered at once so that something is there.
const BURST: Duration = Duration::from_secs(360);

/// Work for real, until told to stop.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// A TOML file of settings; `--print-config` shows all there are.
    #[arg(long)]
    config: Option<PathBuf>,
    /// What this process does: admit,watch,publish,console,tick.
    #[arg(long)]
    roles: Option<String>,
    /// Show the settings that the file, the environment and the flags come to, without secrets, and stop.
    #[arg(long)]
    print_config: bool,
}

/// A street, live, in ten seconds: embedded log and store, no login, this machine only.
#[derive(Debug, clap::Args)]
pub(crate) struct Demo {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where to keep everything; without it in a folder that goes with the process.
    #[arg(long)]
    data: Option<PathBuf>,
    /// How many times as fast as the real one the demo's whole world runs (1 to 200).
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Without the simulated street: send your own observations.
    #[arg(long)]
    no_street: bool,
    /// The street's seed: the same seed gives the same day.
    #[arg(long, default_value_t = 141)]
    seed: u64,
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        let mut flags: Vec<(&str, String)> = Vec::new();
        if let Some(roles) = self.roles {
            flags.push(("roles", roles));
        }
        let environment: settings::Environment = std::env::vars().collect();
        let settings = settings::load(self.config.as_deref(), &environment, &flags)
            .map_err(|error| Failure::usage(muster_pipeline::chain(&error)))?;
        if self.print_config {
            crate::say(&settings::print(&settings));
            return Ok(());
        }
        crate::trace::start(&settings.trace.filter, settings.trace.json);
        let access = access(&settings)?;
        let rules = parts::first_rules(&settings)?;
        let listener = listen(settings.http.listen)?;
        let metrics = match settings.http.metrics_listen {
            Some(address) => Some(listen(address)?),
            None => None,
        };
        let parts = Parts::open(&settings, Clock::real()).await?;
        parts.adopt(rules, None).await?;
        let console = console(&settings, access)?;
        let address = local(&listener)?;
        if let Some(metrics) = &metrics {
            tracing::info!("metrics at http://{}/metrics", local(metrics)?);
        }
        let running = Running::start(parts, &settings, console, Listeners { http: listener, metrics }).await?;
        let asked = asked_to_stop()?;
        crate::say(&format!("http://{address}/\n"));
        running.until(asked).await
    }
}

impl Demo {
    pub(crate) async fn run(self) -> Result<(), Failure> {
        if !self.listen.ip().is_loopback() {
            return Err(Failure::usage("the demo has no login and listens on this machine only; use 127.0.0.1"));
        }
        if !(1.0..=200.0).contains(&self.speed) {
            return Err(Failure::usage("--speed must be 1 to 200"));
        }
        crate::trace::start(&std::env::var("RUST_LOG").unwrap_or_else(|_| "warn".to_owned()), false);
        let (folder, data) = match self.data {
            Some(data) => (None, data),
            None => {
                let folder = Folder::make()?;
                let path = folder.0.clone();
                (Some(folder), path)
            }
        };
        let flags = [("data_dir", data.display().to_string()), ("http.listen", self.listen.to_string())];
        let settings =
            settings::load(None, &vec![], &flags).map_err(|error| Failure::usage(muster_pipeline::chain(&error)))?;
        let speed = if self.no_street { 1.0 } else { self.speed };
        let listener = listen(self.listen)?;
        // A simulated street sleeps with the machine; what others send comes by the real time.
        let clock = if self.no_street { Clock::real() } else { Clock::scaled(speed) };
        let parts = Parts::open(&settings, clock).await?;
        parts.go_on().await?;
        parts.adopt(Some(parts::built_in_rules()), Some(street_catalogue()?)).await?;
        let url = format!("http://{}", local(&listener)?);
        let scenery = Scenery::parse(muster_street::EXAMPLE.roads)
            .map_err(|error| Failure::inside("the example street's roads cannot be read", &error))?;
        let console = ConsoleSettings { demo: true, speed, scenery, ..console(&settings, Access::LocalOnly)? };
        let clock = parts.clock.clone();
        let listeners = Listeners { http: listener, metrics: None };
        let running = Running::start(parts, &settings, console, listeners).await?;
        let asked = asked_to_stop()?;
        crate::say(&format!("{url}/\n"));
        eprintln!("muster: a simulated street 示意; stop with Ctrl-C");
        let stop = CancellationToken::new();
        let street = (!self.no_street).then(|| {
            let street = StreetSettings { url: url.clone(), seed: self.seed, speed, token: None, burst: BURST };
            tokio::spawn(muster_street::run(street, move || clock.micros(), stop.clone()))
        });
        let ended = running.until(asked).await;
        stop.cancel();
        if let Some(street) = street {
            street.abort();
        }
        drop(folder);
        ended
    }
}

fn duration(span: Span) -> Duration {
    Duration::from_micros(u64::try_from(span.micros()).unwrap_or_default())
}

pub(crate) fn console(settings: &Settings, access: Access) -> Result<ConsoleSettings, Failure> {
    let zone = jiff::tz::TimeZone::get(&settings.street.time_zone)
        .map_err(|error| Failure::usage(format!("street.time_zone: {error}")))?;
    Ok(ConsoleSettings {
        access,
        demo: false,
        speed: 1.0,
        scenery: Scenery::default(),
        zone,
        pages: settings.roles.contains(&Role::Console),
        metrics_apart: settings.http.metrics_listen.is_some(),
        linger: duration(settings.http.linger),
        bounds: Bounds {
            connections: files::connections(settings.http.max_connections),
            streams: settings.http.max_streams as usize,
            head: duration(settings.http.header_timeout),
            body: duration(settings.http.body_timeout),
            stall: duration(settings.http.stall_timeout),
        },
    })
}

/// Who may come in: whoever holds a token, else this machine alone, and then nothing listens to others.
fn access(settings: &Settings) -> Result<Access, Failure> {
    let http = &settings.http;
    if !settings.auth.tokens_file.as_os_str().is_empty() {
        return Access::tokens(&settings.auth.tokens_file)
            .map_err(|error| Failure::usage(muster_pipeline::chain(&error)));
    }
    match [Some(http.listen), http.metrics_listen].into_iter().flatten().find(|address| !address.ip().is_loopback()) {
        None => Ok(Access::LocalOnly),
        Some(address) => Err(Failure::usage(format!(
            "will not listen on {address} without access control; set MUSTER_AUTH__TOKENS_FILE=/path/to/tokens.toml (or \
             listen on 127.0.0.1)"
        ))),
    }
}

/// The example street's catalogue, read as any other would be.
fn street_catalogue() -> Result<Catalogue, Failure> {
    let files = &muster_street::EXAMPLE;
    let mut catalogue = Catalogue::default();
    for (kind, text) in [
        (Kind::Grid, files.grid),
        (Kind::Units, files.units),
        (Kind::Places, files.places),
        (Kind::Devices, files.devices),
    ] {
        let table = Table::read(kind.name(), text.as_bytes(), Encoding::Utf8)
            .map_err(|bad| Failure::inside("the example street cannot be read", &bad))?;
        read_into(&mut catalogue, kind, &table, false).map_err(|bad| {
            let lines: Vec<String> = bad.iter().map(ToString::to_string).collect();
            Failure::refused(format!("the example street is refused:\n{}", lines.join("\n")))
        })?;
    }
    Ok(catalogue)
}

/// Bytes of answers that the system keeps for a reader that does not take them in. It would keep megabytes of its own
/// accord, for every screen that stands still.
const UNREAD_BYTES: u32 = 256 * 1024;
/// Connections that wait to be taken.
const WAITING: u32 = 4096;

fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        // a restart need not wait until the lines of the one before are forgotten
        #[cfg(unix)]
        socket.set_reuseaddr(true)?;
        // whoever is taken has what its listener has
        socket.set_send_buffer_size(UNREAD_BYTES)?;
        socket.bind(address)?;
        socket.listen(WAITING)
    };
    open().map_err(|error| {
        Failure::outside(format!("cannot listen on {address}; another process may, or choose another port"), &error)
    })
}

fn local(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| Failure::outside("the listener has no address", &error))
}

/// Ends with Ctrl-C or SIGTERM. From this call on neither ends the process by itself, so it comes before anybody is told that
/// the process is there.
fn asked_to_stop() -> Result<impl Future<Output = ()>, Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let heard = |kind| signal(kind).map_err(|error| Failure::outside("cannot listen for signals", &error));
        let (mut interrupted, mut terminated) = (heard(SignalKind::interrupt())?, heard(SignalKind::terminate())?);
        Ok(async move {
            tokio::select! { _ = interrupted.recv() => {}, _ = terminated.recv() => {} }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

/// A folder of the demo's own, which goes with the process.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn make() -> Result<Self, Failure> {
        let path = std::env::temp_dir().join(format!("muster-demo-{}", std::process::id()));
        match std::fs::create_dir(&path) {
            Ok(()) => Ok(Self(path)),
            Err(error) => Err(Failure::outside(format!("cannot make {}; give --data", path.display()), &error)),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "the demo's folder stays");
        }
    }
}
