//! What is no request, on real connections: refused in words, and never at the cost of an answer of ours.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::bench::BOUNDS;
use crate::http::{answer, listen};

/// What hyper would write by itself.
const BARE: &str = "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\
    date: Tue, 24 Nov 2026 08:46:14 GMT\r\n\r\n";

/// An answer as it came over the line.
struct Heard {
    status: u16,
    head: String,
    body: String,
}

impl Heard {
    fn field(&self, name: &str) -> Option<&str> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(": ")).filter(|(own, _)| *own == name);
        let found = fields.next().map(|(_, value)| value);
        assert!(fields.next().is_none(), "{name} twice in {}", self.head);
        found
    }

    /// The code of a refusal on a connection that it ends.
    fn problem(&self) -> String {
        let problem: Value = serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body));
        assert_eq!(self.field("content-type"), Some("application/problem+json"), "{}", self.head);
        assert_eq!(self.field("connection"), Some("close"), "{}", self.head);
        assert_eq!(problem["status"], self.status, "{problem}");
        assert!(["zh", "en"].iter().all(|language| problem["words"][language].is_string()), "{problem}");
        for (name, value) in answer::protective(false) {
            assert_eq!(self.field(name.as_str()), Some(value), "{}", self.head);
        }
        assert!(self.field("x-request-id").is_some_and(|name| name.len() == 32), "{}", self.head);
        problem["code"].as_str().unwrap().to_owned()
    }
}

/// Every whole answer on a line, by the length that it tells, and what is left.
fn split(mut text: &str) -> (Vec<Heard>, &str) {
    let mut heard = Vec::new();
    while let Some((head, rest)) = text.split_once("\r\n\r\n") {
        let mut answer = Heard { status: head[9..12].parse().unwrap(), head: head.to_owned(), body: String::new() };
        let length = answer.field("content-length").unwrap_or_else(|| panic!("no length: {head}")).parse().unwrap();
        let Some((body, next)) = rest.split_at_checked(length) else { break };
        body.clone_into(&mut answer.body);
        heard.push(answer);
        text = next;
    }
    (heard, text)
}

/// Every answer on a line that has ended.
fn answers(text: &str) -> Vec<Heard> {
    let (heard, rest) = split(text);
    assert_eq!(rest, "", "and nothing else");
    heard
}

/// A listener with answers that resemble a refusal of hyper's.
async fn serve() -> SocketAddr {
    let raw = async || {
        // one piece after another, so that the second is written by itself
        let pieces = stream::iter(["x", BARE]).then(async |piece| {
            tokio::task::yield_now().await;
            Ok::<_, std::io::Error>(piece)
        });
        ([(header::CONTENT_LENGTH, BARE.len() + 1)], Body::from_stream(Box::pin(pieces))).into_response()
    };
    let router = Router::new()
        .route("/plain", get(async || "hello").post(async |body: String| body))
        .route("/bare", get(async || StatusCode::BAD_REQUEST))
        .route("/raw", get(raw));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(listen::listen(listener, router, BOUNDS, std::future::pending()));
    address
}

async fn tell(server: SocketAddr, said: impl AsRef<[u8]>) -> String {
    let mut line = TcpStream::connect(server).await.unwrap();
    line.write_all(said.as_ref()).await.unwrap();
    let mut heard = String::new();
    line.read_to_string(&mut heard).await.unwrap();
    heard
}

fn ask(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_words() {
    let server = serve().await;
    let long = "x".repeat(70_000);
    for (what, said, status, code) in [
        ("garbage", "\u{16}\u{3}\u{1}\0zzzz\r\n\r\n".to_owned(), 400, "malformed-request"),
        ("another version", "GET / HTTP/2.0\r\nhost: localhost\r\n\r\n".to_owned(), 400, "malformed-request"),
        ("no length", "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n".to_owned(), 400, "malformed-request"),
        ("a long header", format!("GET / HTTP/1.1\r\nx-long: {long}\r\n\r\n"), 431, "head-too-large"),
        ("200 headers", format!("GET / HTTP/1.1\r\n{}\r\n", "x-one: 1\r\n".repeat(200)), 431, "head-too-large"),
        ("a long address", ask(&format!("/{long}")), 431, "head-too-large"),
    ] {
        let heard = answers(&tell(server, said).await);
        let [refusal] = heard.as_slice() else { panic!("{what}: {} answers", heard.len()) };
        assert_eq!((refusal.status, refusal.problem().as_str()), (status, code), "{what}");
    }
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    assert_eq!(tell(server, preface).await, "", "who speaks HTTP/2 alone would not understand a word");
}

#[tokio::test]
async fn answers_of_ours_go_before_it_as_they_are() {
    let server = serve().await;
    let post = "POST /plain HTTP/1.1\r\nhost: localhost\r\ncontent-length: 3\r\nexpect: 100-continue\r\n\r\nabc";
    for apart in [false, true] {
        let said = [&ask("/plain"), &ask("/bare"), &ask("/raw"), &ask("/plain"), "garbage\r\n\r\n"];
        let heard = if apart {
            // Each when the one before is answered, as on a connection that is kept.
            let mut line = TcpStream::connect(server).await.unwrap();
            let mut all = Vec::new();
            for (said, answered) in said.iter().zip(1..) {
                line.write_all(said.as_bytes()).await.unwrap();
                while split(&String::from_utf8_lossy(&all)).0.len() < answered {
                    assert_ne!(line.read_buf(&mut all).await.unwrap(), 0, "{}", String::from_utf8_lossy(&all));
                }
            }
            assert_eq!(line.read_buf(&mut all).await.unwrap(), 0, "and the line ends");
            String::from_utf8(all).unwrap()
        } else {
            tell(server, said.concat()).await
        };
        let heard = answers(&heard);
        let told: Vec<(u16, &str)> = heard.iter().map(|heard| (heard.status, heard.body.as_str())).collect();
        let raw = format!("x{BARE}");
        assert_eq!(told[..4], [(200, "hello"), (400, ""), (200, raw.as_str()), (200, "hello")]);
        assert_eq!((heard.len(), heard[4].problem().as_str()), (5, "malformed-request"));
        assert!(heard[..4].iter().all(|heard| heard.field("connection").is_none()), "the line was kept until then");
    }
    let told = tell(server, format!("{post}garbage\r\n\r\n")).await;
    let heard = answers(told.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&told));
    assert_eq!((heard.len(), heard[0].body.as_str(), heard[1].problem().as_str()), (2, "abc", "malformed-request"));
}
