//! The listener: how many may be connected, how long a head may take, and how long an answer may lie unread.

use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use muster_wire::problem::Problem;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep};

use super::wordless;

/// How much may be asked of a listener at once, and how slowly.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections; whoever comes on top is told so and let go.
    pub connections: usize,
    /// Open streams of changes.
    pub streams: usize,
    /// How long the head of a request may take to come, and how long a connection may lie idle before it.
    pub head: Duration,
    /// How long a body may take to come, besides a second for every 8 KiB of it.
    pub body: Duration,
    /// How long a reader may take in nothing of what it asked for.
    pub stall: Duration,
}

/// The most bytes of a request's head, and of what is read ahead and written ahead on a connection.
pub(super) const MAX_HEAD_BYTES: usize = 64 * 1024;

/// What whoever finds no place is told, though no request of theirs was read.
fn full() -> String {
    let problem = Problem::new(503, "full").detail("as many are connected as may be; come again in 2 s");
    wordless::written("HTTP/1.1 503 Service Unavailable\r\nretry-after: 2\r\nconnection: close\r\n", &problem, "\r\n")
}

/// Serves a router on every connection until told to leave; requests under way are finished.
pub(super) async fn listen(listener: TcpListener, router: Router, bounds: Bounds, leave: impl Future<Output = ()>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(bounds.head);
    // A buffer grows in steps, beyond what it is allowed: it alone would take a longer head that comes in one piece.
    http.max_buf_size(MAX_HEAD_BYTES).max_header_size(MAX_HEAD_BYTES);
    let (places, graceful) = (Arc::new(Semaphore::new(bounds.connections)), GracefulShutdown::new());
    let mut leave = pin!(leave);
    loop {
        let accepted = tokio::select! { () = &mut leave => break, accepted = listener.accept() => accepted };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                wait_out(&error).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            turn_away(stream);
            continue;
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection ended before it began");
            continue;
        }
        let patient = Patient { stream, stall: bounds.stall, waiting: None };
        let (stream, service) = wordless::worded(patient, router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// A connection that broke before it was taken means nothing; what else fails will not be better at once.
async fn wait_out(error: &io::Error) {
    let of_the_peer =
        [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionRefused];
    if !of_the_peer.contains(&error.kind()) {
        tracing::error!(%error, "no connection can be taken; trying again in a second");
        sleep(Duration::from_secs(1)).await;
    }
}

/// Says why and closes, without waiting for anything: whoever does not take it in at once does not get it.
fn turn_away(stream: TcpStream) {
    tracing::debug!("a connection was turned away: as many are connected as may be");
    let told = stream.into_std().and_then(|mut stream| io::Write::write(&mut stream, full().as_bytes()));
    if let Err(error) = told {
        tracing::debug!(%error, "a connection was turned away without a word");
    }
}

/// A connection that is given up when nothing of what it asked for is taken in for too long: a reader that stands still
/// would keep its place and its memory for ever.
struct Patient {
    stream: TcpStream,
    stall: Duration,
    /// Set while the other side takes nothing in.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn written(&mut self, task: &mut Context<'_>, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if wrote.is_ready() {
            self.waiting = None;
            return wrote;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(self.stall)));
        ready!(waiting.as_mut().poll(task));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the other side reads nothing")))
    }
}

impl AsyncRead for Patient {
    fn poll_read(mut self: Pin<&mut Self>, task: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(task, into)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(mut self: Pin<&mut Self>, task: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(task, bytes);
        self.written(task, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(task, bytes);
        self.written(task, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(task)
    }
}

/// How long a body may still take: some time at once, and more the more of it came.
pub(super) struct Patience {
    limit: Duration,
    begun: Instant,
    until: Pin<Box<Sleep>>,
}

/// Bytes of a body that must come in a second, beyond the time that every body has.
const SLOWEST: u32 = 8 * 1024;

impl Patience {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, begun: Instant::now(), until: Box::pin(sleep(limit)) }
    }

    /// Whether it is at an end, after so many bytes; the task is woken when it is.
    pub(super) fn poll_end(&mut self, task: &mut Context<'_>, bytes: usize) -> Poll<()> {
        let earned = Duration::from_secs(1).saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX) / SLOWEST);
        self.until.as_mut().reset(self.begun + self.limit + earned);
        self.until.as_mut().poll(task)
    }
}
