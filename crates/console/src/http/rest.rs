//! Bodies within bounds: none may be compressed or take for ever, and what a refusal left of one is still read, since a
//! sender that is cut off loses the answer with the connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};

use super::answer;
use super::listen::Patience;

/// The most bytes that are read on: a picture four times too large, or a batch eight times.
const MOST_BYTES: usize = 64 << 20;
/// How long they may take to come.
const LONGEST: Duration = Duration::from_secs(10);

/// A request's body that is there after its handler has let go of it.
#[derive(Clone)]
struct Lent(Arc<Mutex<Lending>>);

struct Lending {
    body: Body,
    /// Its bytes are on their way.
    begun: bool,
    /// How long it may take; from the first time that somebody waited for it.
    limit: Duration,
    patience: Option<Patience>,
    bytes: usize,
    /// It took too long, and nothing more of it is read.
    late: bool,
}

impl Lending {
    fn poll(&mut self, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.begun = true;
        if self.late {
            return Poll::Ready(None);
        }
        let polled = Pin::new(&mut self.body).poll_frame(task);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => self.bytes += frame.data_ref().map_or(0, Bytes::len),
            Poll::Ready(_) => {}
            Poll::Pending => {
                let (limit, bytes) = (self.limit, self.bytes);
                let patience = self.patience.get_or_insert_with(|| Patience::new(limit));
                self.late = patience.poll_end(task, bytes).is_ready();
            }
        }
        if self.late {
            return Poll::Ready(Some(Err(Error::new(std::io::Error::from(std::io::ErrorKind::TimedOut)))));
        }
        polled
    }
}

impl Lent {
    fn lent(&self) -> MutexGuard<'_, Lending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads to the end, or as far as the bounds go.
    async fn read_on(&self) {
        let mut read = 0;
        while read < MOST_BYTES {
            let frame = poll_fn(|task| self.lent().poll(task)).await;
            let Some(Ok(frame)) = frame else { return };
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        self.lent().poll(task)
    }

    fn is_end_stream(&self) -> bool {
        self.lent().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lent().body.size_hint()
    }
}

/// Lends the body to whoever answers, and reads what a refusal left of it.
pub(super) async fn read_on(State(limit): State<Duration>, request: Request, next: Next) -> Response {
    if let Some(refusal) = unfit(request.headers()) {
        return refusal;
    }
    let (parts, body) = request.into_parts();
    // Who asks first, and was refused before the first byte, has sent none and shall not be told to.
    let asks = parts.headers.contains_key(header::EXPECT);
    let lent = Lent(Arc::new(Mutex::new(Lending { body, begun: !asks, limit, patience: None, bytes: 0, late: false })));
    let response = next.run(Request::from_parts(parts, Body::new(lent.clone()))).await;
    if lent.lent().late {
        let mut response =
            answer::refuse(408, "too-slow", "the body took too long to come; send it again, or in parts");
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return response;
    }
    if response.status().is_client_error() && !lent.is_end_stream() && lent.lent().begun {
        // Too slow is no worse than too long: the answer is given and the connection ends.
        tokio::time::timeout(LONGEST, lent.read_on()).await.ok();
    }
    response
}

/// A body that nothing here would unpack, or whose end two headers tell in two ways (RFC 9112 §6.1).
fn unfit(headers: &HeaderMap) -> Option<Response> {
    let coded = |value: &HeaderValue| !value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(coded) {
        let mut response = answer::refuse(415, "unsupported-encoding", "bodies are read as they are; send it unpacked");
        response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        return Some(response);
    }
    if headers.contains_key(header::CONTENT_LENGTH) && headers.contains_key(header::TRANSFER_ENCODING) {
        let detail = "says both Content-Length and Transfer-Encoding, so that nobody knows where it ends";
        let mut response = answer::refuse(400, "two-lengths", detail);
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        return Some(response);
    }
    None
}
