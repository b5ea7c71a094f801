//! What hyper refuses by itself, before a request is one: the bare head that it writes becomes a problem like any other.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use http::{Request, Response, header};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use hyper::service::{HttpService, service_fn};
use muster_domain::text::Words;
use muster_wire::problem::{MEDIA_TYPE, Problem};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tower::ServiceExt as _;

use super::listen::MAX_HEAD_BYTES;
use super::{answer, trail};

/// How much of what was refused is still read, since a sender that is cut off loses the answer with the connection.
const MOST_BYTES: usize = 4 << 20;
/// How long it may take to come.
const LONGEST: Duration = Duration::from_secs(2);

/// A connection and the service on it, which together know what hyper writes that no answer of ours is.
pub(super) fn worded<S>(
    stream: S,
    router: Router,
) -> (Worded<S>, impl HttpService<Incoming, ResBody = Answering, Error = Infallible, Future: Send>) {
    let calls = Arc::<Calls>::default();
    let worded = Worded { stream, calls: Arc::clone(&calls), refusal: None };
    let service = service_fn(move |request: Request<Incoming>| {
        let call = Call::begin(&calls);
        let answered = router.clone().oneshot(request);
        async move {
            let Ok(response) = answered.await;
            Ok::<Response<Answering>, Infallible>(response.map(|body| Answering { body, _call: call }))
        }
    });
    (worded, service)
}

/// The requests of a connection for which somebody was called.
#[derive(Debug, Default)]
struct Calls {
    /// Those whose answer hyper has not been given whole.
    under_way: AtomicUsize,
    /// Something of an answer may still have to be written.
    unwritten: AtomicBool,
}

impl Calls {
    /// All that hyper had is written.
    fn flushed(&self) {
        if self.under_way.load(Ordering::Acquire) == 0 {
            self.unwritten.store(false, Ordering::Release);
        }
    }
}

/// One of them, until hyper has its whole answer.
#[derive(Debug)]
struct Call(Arc<Calls>);

impl Call {
    fn begin(calls: &Arc<Calls>) -> Self {
        calls.under_way.fetch_add(1, Ordering::AcqRel);
        calls.unwritten.store(true, Ordering::Release);
        Self(Arc::clone(calls))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

/// The body of an answer of ours.
#[derive(Debug)]
pub(super) struct Answering {
    body: Body,
    _call: Call,
}

impl HttpBody for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(task)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection on which nothing is refused without words.
///
/// hyper flushes only once it has nothing more to write. What it writes after that, while nobody was called, is its own,
/// and its last word on the connection. In doubt, behind an answer that nobody has taken in yet, it stays as it is.
pub(super) struct Worded<S> {
    stream: S,
    calls: Arc<Calls>,
    refusal: Option<Refusal>,
}

impl<S: AsyncWrite + Unpin> Worded<S> {
    /// Says what stands for bytes of hyper's own; `None` where they are of an answer of ours.
    fn poll_refuse(&mut self, task: &mut Context<'_>, bytes: &[u8]) -> Option<Poll<io::Result<usize>>> {
        if self.refusal.is_none() && !self.calls.unwritten.load(Ordering::Acquire) {
            self.refusal = in_words(bytes).map(Refusal::new);
        }
        let refusal = self.refusal.as_mut()?;
        Some(refusal.poll_say(&mut self.stream, task).map_ok(|()| bytes.len()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Worded<S> {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, into)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Worded<S> {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let refused = self.poll_refuse(task, bytes);
        refused.unwrap_or_else(|| Pin::new(&mut self.stream).poll_write(task, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // Beside a head of its own hyper has nothing to write.
        let refused = if let [alone] = bytes { self.poll_refuse(task, alone) } else { None };
        refused.unwrap_or_else(|| Pin::new(&mut self.stream).poll_write_vectored(task, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.calls.flushed();
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, refusal, .. } = &mut *self;
        match refusal {
            Some(refusal) => refusal.poll_hear_out(stream, task),
            None => Pin::new(stream).poll_shutdown(task),
        }
    }
}

/// What is said instead of a bare head, and what of the refused is heard all the same.
struct Refusal {
    said: String,
    written: usize,
    /// Set once all is said, and our side closed.
    until: Option<Pin<Box<Sleep>>>,
    heard: usize,
}

impl Refusal {
    fn new(said: String) -> Self {
        Self { said, written: 0, until: None, heard: 0 }
    }

    fn poll_say(&mut self, stream: &mut (impl AsyncWrite + Unpin), task: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some(rest) = self.said.as_bytes().get(self.written..).filter(|rest| !rest.is_empty()) {
            match ready!(Pin::new(&mut *stream).poll_write(task, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.written += written,
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Closes our side, and reads until the other one closes too, as far as the bounds go.
    fn poll_hear_out<S>(&mut self, stream: &mut S, task: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        if self.until.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(task))?;
        }
        let until = self.until.get_or_insert_with(|| Box::pin(sleep(LONGEST)));
        while self.heard < MOST_BYTES && until.as_mut().poll(task).is_pending() {
            let mut some = [0; 4096];
            let mut some = ReadBuf::new(&mut some);
            let read = ready!(Pin::new(&mut *stream).poll_read(task, &mut some));
            if read.is_err() || some.filled().is_empty() {
                break;
            }
            self.heard += some.filled().len();
        }
        Poll::Ready(Ok(()))
    }
}

/// The same refusal as a problem; `None` if it is no bare head.
fn in_words(bare: &[u8]) -> Option<String> {
    let bare = str::from_utf8(bare).ok()?;
    let status = bare.get(9..12)?.parse().ok()?;
    let (before, after) = bare.split_once("content-length: 0\r\n")?;
    after.ends_with("\r\n").then(|| written(before, &refused(status), after))
}

/// A problem as it goes over the line, between the beginning and the end of its head.
pub(super) fn written(before: &str, problem: &Problem, after: &str) -> String {
    let body = problem.json();
    let name = trail::drawn();
    let own = [(header::CONTENT_TYPE, MEDIA_TYPE), (trail::NAME, name.as_str())];
    let fields = own.into_iter().chain(answer::protective(false));
    let fields: String = fields.map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("{before}{fields}content-length: {}\r\n{after}{body}", body.len())
}

fn refused(status: u16) -> Problem {
    let (code, zh, detail) = match status {
        431 => (
            "head-too-large",
            format!("请求头太大：连同地址最多 {} KiB、100 个字段；浏览器请清除本站 Cookie 再试", MAX_HEAD_BYTES / 1024),
            format!(
                "the head of a request has at most {} KiB, its address included, and 100 headers; send fewer or shorter \
                 ones (in a browser, clear the cookies of this site)",
                MAX_HEAD_BYTES / 1024
            ),
        ),
        _ => (
            "malformed-request",
            "这不是 HTTP/1.1 请求，服务器读不懂".to_owned(),
            "this cannot be read as a request of HTTP/1.1".to_owned(),
        ),
    };
    Problem::new(status, code).detail(detail.as_str()).words(Words::new(zh, detail))
}
