//! The rest of a body that was refused is still read, within bounds: a sender that is cut off loses the answer with the
//! connection.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use http_body::{Frame, SizeHint};

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
}

impl Lent {
    fn lent(&self) -> MutexGuard<'_, Lending> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads to the end, or as far as the bounds go.
    async fn read_on(&self) {
        let mut read = 0;
        while read < MOST_BYTES {
            let frame = poll_fn(|task| Pin::new(&mut self.lent().body).poll_frame(task)).await;
            let Some(Ok(frame)) = frame else { return };
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let mut lent = self.lent();
        lent.begun = true;
        Pin::new(&mut lent.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.lent().body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.lent().body.size_hint()
    }
}

/// Lends the body to whoever answers, and reads what a refusal left of it.
pub(super) async fn read_on(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    // Who asks first, and was refused before the first byte, has sent none and shall not be told to.
    let asks = parts.headers.contains_key(header::EXPECT);
    let lent = Lent(Arc::new(Mutex::new(Lending { body, begun: !asks })));
    let response = next.run(Request::from_parts(parts, Body::new(lent.clone()))).await;
    if response.status().is_client_error() && !lent.is_end_stream() && lent.lent().begun {
        // Too slow is no worse than too long: the answer is given and the connection ends.
        tokio::time::timeout(LONGEST, lent.read_on()).await.ok();
    }
    response
}
