//! The server that a command speaks to: over HTTP, or the very same routes in this process when no server runs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use muster_console::http::{Access, ConsoleSettings, Inside};
use muster_domain::time::Span;
use muster_pipeline::clock::Clock;
use muster_pipeline::roles::Role;
use serde_json::Value;

use crate::exit::Failure;
use crate::serve::parts::Parts;
use crate::serve::{console, run};
use crate::settings::{self, Settings, SettingsError};

/// However long a server asks us to wait, we look again after this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Flags of every command that speaks to a server.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Remote {
    /// A TOML file of settings.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// The server's address, such as http://127.0.0.1:8080; without it the one of the settings (http.listen).
    #[arg(long, global = true)]
    pub(crate) url: Option<String>,
    /// A file that holds the bearer token; without it the one that MUSTER_TOKEN_FILE names.
    #[arg(long, value_name = "FILE", global = true)]
    token_file: Option<PathBuf>,
    /// How long to go on trying while the server cannot take more just now.
    #[arg(long, global = true, default_value = "60s", value_parser = span)]
    patience: Duration,
}

fn span(text: &str) -> Result<Duration, String> {
    let span = Span::parse(text).map_err(|error| error.to_string())?;
    u64::try_from(span.micros()).map(Duration::from_micros).map_err(|_| "must not be negative".to_owned())
}

/// A server, wherever it is.
#[derive(Debug)]
pub(crate) struct Server {
    way: Way,
    patience: Duration,
    /// It has answered before: when it does not answer now, it may be starting again.
    known: std::sync::atomic::AtomicBool,
}

#[derive(Debug)]
enum Way {
    Http { http: reqwest::Client, url: String },
    Own { inside: Inside, parts: Box<Parts> },
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    retry_after: Option<Duration>,
}

impl Remote {
    /// The settings that file and environment come to.
    pub(crate) fn settings(&self) -> Result<Settings, Failure> {
        self.load().map_err(|error| Failure::usage(muster_pipeline::chain(&error)))
    }

    /// As [`settings`](Self::settings), with the mistake itself.
    pub(crate) fn load(&self) -> Result<Settings, SettingsError> {
        let environment: settings::Environment = std::env::vars().collect();
        settings::load(self.config.as_deref(), &environment, &[])
    }

    /// A running server, by HTTP.
    pub(crate) fn running(&self, settings: &Settings) -> Result<Server, Failure> {
        let url = match &self.url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if settings.http.listen.port() == 0 => {
                return Err(Failure::usage("http.listen has port 0, which is no address; give the server's by --url"));
            }
            None => format!("http://{}", reachable(settings.http.listen)),
        };
        if !url.starts_with("http://") {
            let what = "only http:// is spoken; reach a server behind TLS through its own port, such as by `ssh -L`";
            return Err(Failure::usage(format!("--url {url}: {what}")));
        }
        let mut headers = header::HeaderMap::new();
        if let Some(token) = self.token()? {
            headers.insert(header::AUTHORIZATION, token);
        }
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(Duration::from_secs(10))
            .timeout(Duration::from_secs(120))
            .no_proxy()
            .build()
            .map_err(|error| Failure::usage(muster_pipeline::chain(&error)))?;
        Ok(Server { way: Way::Http { http, url }, patience: self.patience, known: false.into() })
    }

    /// The running server where one is named, or holds the data folder; else log and store, opened here.
    pub(crate) async fn reach(&self, settings: &Settings) -> Result<Server, Failure> {
        let embedded = settings.log.url == "embedded";
        if self.url.is_some() || (embedded && muster_log::FolderLock::is_held(&settings.data_dir)) {
            return self.running(settings);
        }
        let parts = Parts::open(settings, Clock::real()).await?;
        parts.configs.refresh().await.map_err(|error| Failure::pipeline(&error))?;
        let console = ConsoleSettings { pages: true, ..console(settings, Access::LocalOnly)? };
        let routes = run::routes(&parts, settings, &[Role::Admit, Role::Console])?;
        let inside = Inside::new(run::desk(&parts, settings), console, routes);
        let way = Way::Own { inside, parts: Box::new(parts) };
        Ok(Server { way, patience: self.patience, known: true.into() })
    }

    fn token(&self) -> Result<Option<HeaderValue>, Failure> {
        let named = self.token_file.clone();
        let named = named.or_else(|| std::env::var_os(settings::TOKEN_FILE).map(PathBuf::from));
        let Some(path) = named.filter(|path| !path.as_os_str().is_empty()) else { return Ok(None) };
        let unreadable = |error: std::io::Error| {
            Failure::usage(format!("the token file {} cannot be read: {error}", path.display()))
        };
        let token = std::fs::read_to_string(&path).map_err(unreadable)?;
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.trim()))
            .map_err(|_| Failure::usage(format!("{} holds characters that no token may have", path.display())))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

/// An address that listens everywhere is reached at this machine.
fn reachable(mut listen: std::net::SocketAddr) -> std::net::SocketAddr {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
    if listen.ip().is_unspecified() {
        let own = if listen.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        listen.set_ip(own);
    }
    listen
}

impl Server {
    /// The parts, when they are opened here.
    pub(crate) fn parts(&self) -> Option<&Parts> {
        match &self.way {
            Way::Own { parts, .. } => Some(parts),
            Way::Http { .. } => None,
        }
    }

    /// Asks, and asks again for a while when the answer is that it cannot be done just now.
    pub(crate) async fn ask(&self, method: Method, path: &str, kind: &str, body: Bytes) -> Result<Answer, Failure> {
        use std::sync::atomic::Ordering;
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let trouble = match self.once(&method, path, kind, body.clone()).await? {
                Ok(answer) if answer.is_busy() => {
                    pause = answer.retry_after.unwrap_or(pause);
                    answer.words()
                }
                Ok(answer) => {
                    self.known.store(true, Ordering::Relaxed);
                    return answer.welcome();
                }
                Err(error) if !self.known.load(Ordering::Relaxed) => {
                    return Err(Failure::absent(format!("{error}; is `muster serve` running, and is --url right?")));
                }
                Err(error) => error,
            };
            let left = self.patience.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(Failure::absent(format!("given up after {} s: {trouble}", self.patience.as_secs())));
            }
            tokio::time::sleep(pause.min(LONGEST_PAUSE).min(left)).await;
            pause *= 2;
        }
    }

    /// One try; the inner error is that no answer came.
    async fn once(
        &self,
        method: &Method,
        path: &str,
        kind: &str,
        body: Bytes,
    ) -> Result<Result<Answer, String>, Failure> {
        match &self.way {
            Way::Http { http, url } => {
                let request = http.request(method.clone(), format!("{url}{path}")).header(header::CONTENT_TYPE, kind);
                let answered = async {
                    let response = request.body(body).send().await?;
                    let (status, retry_after) = (response.status(), retry_after(response.headers()));
                    Ok(Answer { status, retry_after, body: response.bytes().await? })
                };
                let failed =
                    |error: reqwest::Error| format!("{url} does not answer: {}", muster_pipeline::chain(&error));
                Ok(answered.await.map_err(failed))
            }
            Way::Own { inside, .. } => {
                let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, kind);
                let request = request.body(body).map_err(|error| Failure::inside("the request is none", &error))?;
                let (parts, body) = inside.ask(request).await.into_parts();
                Ok(Ok(Answer { status: parts.status, retry_after: retry_after(&parts.headers), body }))
            }
        }
    }

    /// Stops what was opened here.
    pub(crate) async fn close(self) {
        if let Way::Own { parts, .. } = self.way {
            parts.log.close().await;
            parts.store.close().await;
        }
    }
}

fn retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

impl Answer {
    fn is_busy(&self) -> bool {
        matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE)
    }

    /// The answer, unless it is that we may not ask at all.
    fn welcome(self) -> Result<Self, Failure> {
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Failure::usage(format!(
                "{}; give a token of the right role by --token-file or MUSTER_TOKEN_FILE",
                self.words()
            ))),
            status if status.is_server_error() => Err(Failure::absent(self.words())),
            _ => Ok(self),
        }
    }

    /// The body as JSON; null where it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// What a refusal says, for people.
    pub(crate) fn words(&self) -> String {
        let problem = self.json();
        let detail = problem["detail"].as_str().or_else(|| problem["title"].as_str());
        let detail = detail.unwrap_or("and this is no answer of Muster's; is the address right?");
        format!("the server answers {}: {detail}", self.status.as_u16())
    }
}
