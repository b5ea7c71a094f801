//! The stream of changes, as a reader has it: from some change on, until its line is cut.

use std::time::Duration;

use muster_tests::eventually;
use reqwest::{Method, Response};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::sender::PATIENCE;
use crate::api::Api;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) event: String,
    /// What a reader goes on behind; a message that only says the same in parts has none.
    pub(super) number: Option<u64>,
    pub(super) data: String,
}

impl Message {
    pub(super) fn read(text: &str) -> Self {
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        Self {
            event: field("event:").unwrap_or_default().to_owned(),
            number: field("id:").and_then(|number| number.parse().ok()),
            data: field("data:").unwrap_or_default().to_owned(),
        }
    }
}

/// A line to a server.
pub(super) struct Stream {
    response: Response,
    bytes: Vec<u8>,
}

impl Stream {
    /// Goes on behind a number; `None` where nobody tells.
    pub(super) async fn behind(api: &Api, number: u64) -> Option<Self> {
        let request = api.request(Method::GET, "/api/v1/stream").header("last-event-id", number.to_string());
        let response = request.send().await.ok().filter(|response| response.status().is_success())?;
        Some(Self { response, bytes: Vec::new() })
    }

    /// The next message; `None` once the line is cut. May be dropped at any instant.
    pub(super) async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some(end) = self.bytes.windows(2).position(|pair| pair == b"\n\n") {
                let text: Vec<u8> = self.bytes.drain(..end + 2).collect();
                return Some(Message::read(&String::from_utf8(text).unwrap()));
            }
            let chunk = self.response.chunk().await.ok()??;
            self.bytes.extend_from_slice(&chunk);
        }
    }
}

/// What a reader was told: each change with its number.
pub(super) type Heard = Vec<(u64, Value)>;

/// A reader who follows from the first change on, whatever is done to the servers: whenever its line is cut it goes on
/// behind the last number that it heard.
pub(super) struct Reader {
    heard: watch::Receiver<Heard>,
    task: JoinHandle<()>,
}

impl Reader {
    pub(super) fn follow(server: watch::Receiver<String>) -> Self {
        let (hears, heard) = watch::channel(Heard::new());
        let task = tokio::spawn(async move {
            let mut last = 0;
            loop {
                let line = async || {
                    let url = server.borrow().clone();
                    Stream::behind(&Api::new(&url), last).await
                };
                let mut stream = eventually("a stream", PATIENCE, line).await;
                while let Some(Message { number, data, .. }) = stream.next().await {
                    let Some(number) = number else { continue };
                    last = number;
                    hears.send_modify(|heard| heard.push((number, serde_json::from_str(&data).unwrap())));
                }
            }
        });
        Self { heard, task }
    }

    /// All that it was told, once that reaches up to a number; what it was not told by then is a finding.
    pub(super) async fn up_to(&self, number: u64) -> Heard {
        let mut heard = self.heard.clone();
        let reaches = heard.wait_for(|heard| heard.last().map_or(0, |(last, _)| *last) >= number);
        let _ = tokio::time::timeout(Duration::from_secs(30), reaches).await;
        self.heard.borrow().clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.task.abort();
    }
}
