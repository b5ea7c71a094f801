//! The street's side of the public HTTP: deliver until accepted, and read the live cases.

use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::reaction::CaseView;
use crate::voice::Post;
use crate::{StreetError, StreetSettings};

/// States in which a case is live and of interest to the world.
const LIVE: [&str; 5] = ["filed", "dispatched", "accepted", "on_scene", "handled"];
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// However long a server asks us to wait, we look again after this.
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(30);

/// An HTTP client of one server.
#[derive(Debug)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
}

/// What became of one try.
#[derive(Debug, PartialEq, Eq)]
enum Try {
    Accepted,
    /// The same request would fail again; the server has kept or named what was wrong.
    Dropped,
    /// It may heal; wait this long if the server said so.
    Again(Option<Duration>),
    /// We are not welcome.
    Refused(u16),
}

impl Client {
    pub(crate) fn new(settings: &StreetSettings) -> Result<Self, StreetError> {
        let mut headers = HeaderMap::new();
        if let Some(token) = &settings.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| StreetError::Settings("the token holds characters that no header may have"))?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        let http = reqwest::Client::builder()
            .default_headers(headers)
            .timeout(Duration::from_secs(15))
            .no_proxy()
            .build()
            .map_err(StreetError::Http)?;
        Ok(Self { http, url: settings.url.trim_end_matches('/').to_owned() })
    }

    /// Sends one request until it is accepted. `false` = told to stop before that.
    pub(crate) async fn deliver(&self, post: &Post, stop: &CancellationToken) -> Result<bool, StreetError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let outcome = tokio::select! {
                () = stop.cancelled() => return Ok(false),
                outcome = self.send(post) => outcome,
            };
            let wait = match outcome {
                Try::Accepted | Try::Dropped => return Ok(true),
                Try::Refused(status) => return Err(StreetError::Refused { path: post.path, status }),
                Try::Again(asked) => asked.unwrap_or(pause).min(LONGEST_RETRY_AFTER),
            };
            pause = (pause * 2).min(LONGEST_PAUSE);
            tokio::select! {
                () = stop.cancelled() => return Ok(false),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    async fn send(&self, post: &Post) -> Try {
        let request = self
            .http
            .post(format!("{}{}", self.url, post.path))
            .header(CONTENT_TYPE, post.content_type)
            .body(post.body.clone());
        match request.send().await {
            Ok(response) => judge(post, response).await,
            Err(error) => {
                tracing::debug!(path = post.path, %error, "The server cannot be reached; the street waits and tries again");
                Try::Again(None)
            }
        }
    }

    /// The live cases; none where the server cannot say.
    pub(crate) async fn cases(&self) -> Vec<CaseView> {
        let mut cases = Vec::new();
        for state in LIVE {
            let url = format!("{}/api/v1/cases?state={state}&limit=100", self.url);
            let request = self.http.get(url).header(ACCEPT, "application/json").timeout(Duration::from_secs(2));
            let Ok(response) = request.send().await.and_then(Response::error_for_status) else { continue };
            let Ok(page) = response.json::<Value>().await else { continue };
            let items = page.get("items").and_then(Value::as_array);
            cases.extend(items.into_iter().flatten().filter_map(CaseView::read));
        }
        cases
    }
}

async fn judge(post: &Post, response: Response) -> Try {
    let status = response.status();
    if status.is_success() {
        if let Ok(answer) = response.json::<Value>().await
            && let Some(first) = answer.pointer("/parked/0")
        {
            tracing::warn!(path = post.path, %first, "The server parked some of what the street sent");
        }
        return Try::Accepted;
    }
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND) {
        return Try::Refused(status.as_u16());
    }
    if status.is_server_error() || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT) {
        return Try::Again(retry_after(response.headers()));
    }
    let answer = response.text().await.unwrap_or_default();
    let answer: String = answer.chars().take(400).collect();
    tracing::warn!(path = post.path, status = status.as_u16(), answer, "The server will not take what the street sent");
    Try::Dropped
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}
