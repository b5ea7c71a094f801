//! A plain client of the public HTTP: every answer is kept whole, whatever its status.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// How long anything may take that is only waited for: it bounds a failure, not a success.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A client of one server.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    url: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Api {
    pub(crate) fn new(url: &str) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(30))
            .no_proxy()
            .build()
            .unwrap();
        Self { http, url: url.to_owned() }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, kind: &str, body: impl Into<Vec<u8>>) -> Answer {
        send(self.request(Method::POST, path).header(CONTENT_TYPE, kind).body(body.into())).await.unwrap()
    }

    /// A batch of CloudEvents; all of them must be taken.
    pub(crate) async fn observe(&self, events: &[Value]) {
        let body = serde_json::to_vec(events).unwrap();
        let answer = self.post("/api/v1/observations", "application/cloudevents-batch+json", body).await;
        assert_eq!((answer.status, &answer.json()["accepted"]), (202, &Value::from(events.len())), "{}", answer.text());
    }

    /// Every item of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let (mut items, mut cursor) = (Vec::new(), None::<String>);
        let joint = if path.contains('?') { '&' } else { '?' };
        loop {
            let after = cursor.map_or_else(String::new, |cursor| format!("&cursor={cursor}"));
            let answer = self.get(&format!("{path}{joint}limit=500{after}")).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text());
            let page = answer.json();
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            cursor = match &page["next"] {
                Value::Null => return items,
                next => Some(next.as_str().map_or_else(|| next.to_string(), str::to_owned)),
            };
        }
    }

    /// A command on a case.
    pub(crate) async fn order(&self, case: &str, command: &Value) -> Answer {
        self.post(&format!("/api/v1/cases/{case}/commands"), "application/json", command.to_string()).await
    }
}

/// Sends a request; `Err` only when no answer came.
pub(crate) async fn send(request: RequestBuilder) -> Result<Answer, reqwest::Error> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body: response.bytes().await?.into() })
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    pub(crate) fn text(&self) -> String {
        format!("{} {}", self.status, String::from_utf8_lossy(&self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A refusal must be a problem of a stable type.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.text());
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{problem}");
        let code = problem["code"].as_str().unwrap().to_owned();
        assert_eq!(problem["type"], format!("/problems/{code}"));
        code
    }
}
