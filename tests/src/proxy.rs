//! A stretch of network before a server, which a test can cut, reset, and let lose the answer to a commit.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What goes through at the moment. What does not go through waits, as with a cable that is plugged in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Everything.
    Open,
    /// What the client says; the server's answers do not come back.
    NoAnswers,
    /// What the server says; the client's requests do not arrive.
    NoRequests,
}

/// What becomes of a commit whose answer is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The server did it.
    Done,
    /// It never came to the server.
    Undone,
}

/// A listener that passes on what comes to a server, for as long as this value lives.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: watch::Sender<Option<String>>,
    passage: watch::Sender<Passage>,
    /// Rises with every reset: connections of before end at once.
    resets: watch::Sender<u32>,
    /// Rises whenever connections go silent for good.
    strandings: watch::Sender<u32>,
    /// How many commits more lose their answer, and how.
    losing: [AtomicU32; 2],
    lost: AtomicU32,
    /// Words of a client behind which nothing more of any client goes through.
    stops: watch::Sender<Option<&'static [u8]>>,
    gone: watch::Sender<bool>,
}

/// The end of a statement by which a client commits, in the wire format of PostgreSQL.
const COMMIT: &[u8] = b"COMMIT\0";

impl Proxy {
    /// Listens on a port of its own; until it is told where to, connections wait.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub async fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            server: watch::Sender::new(None),
            passage: watch::Sender::new(Passage::Open),
            resets: watch::Sender::new(0),
            strandings: watch::Sender::new(0),
            losing: [AtomicU32::new(0), AtomicU32::new(0)],
            lost: AtomicU32::new(0),
            stops: watch::Sender::new(None),
            gone: watch::Sender::new(false),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { address, shared })
    }

    /// As [`listen`](Self::listen), before a server that is known already: `host:port`.
    ///
    /// # Errors
    ///
    /// When there is no port.
    pub async fn before(server: &str) -> io::Result<Self> {
        let proxy = Self::listen().await?;
        proxy.lead_to(server);
        Ok(proxy)
    }

    /// Where clients go: `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Names the server: `host:port`.
    pub fn lead_to(&self, server: &str) {
        self.shared.server.send_replace(Some(server.to_owned()));
    }

    /// Says what goes through from now on, on every connection.
    pub fn set(&self, passage: Passage) {
        self.shared.passage.send_replace(passage);
    }

    /// Ends every connection there is by a reset (RST); new ones go through.
    pub fn reset(&self) {
        self.shared.resets.send_modify(|resets| *resets += 1);
    }

    /// Lets every connection there is go silent for good, in both directions, as when a machine vanishes; new ones go through.
    pub fn strand(&self) {
        self.shared.strandings.send_modify(|strandings| *strandings += 1);
    }

    /// Lets so many commits lose their answer, each with its connection.
    pub fn lose_commits(&self, count: u32, how: Lost) {
        self.shared.losing[how as usize].fetch_add(count, Ordering::SeqCst);
    }

    /// Lets nothing more of any client through from where one says these words, as by [`Passage::NoRequests`].
    pub fn stop_at(&self, words: &'static [u8]) {
        self.shared.stops.send_replace(Some(words));
    }

    /// When somebody has said the words at which nothing more goes through.
    pub async fn stopped(&self) {
        let mut passage = self.shared.passage.subscribe();
        let _ = passage.wait_for(|now| *now == Passage::NoRequests).await.map(drop);
    }

    /// How many commits have lost their answer so far.
    #[must_use]
    pub fn commits_lost(&self) -> u32 {
        self.shared.lost.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.gone.send_replace(true);
    }
}

impl Shared {
    /// Whether this commit is to lose its answer.
    fn lose(&self) -> Option<Lost> {
        let take = |how: &Lost| {
            let less = |left: u32| left.checked_sub(1);
            self.losing[*how as usize].fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok()
        };
        let how = [Lost::Done, Lost::Undone].into_iter().find(take)?;
        self.lost.fetch_add(1, Ordering::SeqCst);
        Some(how)
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let client = tokio::select! {
            () = over(&shared) => return,
            accepted = listener.accept() => accepted,
        };
        if let Ok((client, _)) = client {
            tokio::spawn(carry(client, Arc::clone(&shared)));
        }
    }
}

/// When the proxy is no longer wanted.
async fn over(shared: &Shared) {
    let mut gone = shared.gone.subscribe();
    let _ = gone.wait_for(|gone| *gone).await.map(drop);
}

/// One connection, to its end.
async fn carry(client: TcpStream, shared: Arc<Shared>) {
    let (mut resets, mut strandings) = (shared.resets.subscribe(), shared.strandings.subscribe());
    let mut server = shared.server.subscribe();
    let Ok(Some(address)) = server.wait_for(Option::is_some).await.map(|address| address.clone()) else { return };
    // A server that is not there refuses, and so do we.
    let Ok(server) = TcpStream::connect(address).await else { return abort(&client) };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, mut to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mute = AtomicBool::new(false);
    tokio::select! {
        _ = resets.changed() => {}
        _ = strandings.changed() => over(&shared).await,
        () = over(&shared) => {}
        () = requests(from_client, to_server, &mute, &shared) => {}
        () = answers(from_server, &mut to_client, &mute, &shared) => {}
    }
    abort(to_client.as_ref());
    // Dropped, this half would first say an orderly end.
    to_client.forget();
}

/// Closes by a reset and not by an orderly end.
fn abort(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// From the client to the server, until an end or a commit that is not to arrive.
async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mute: &AtomicBool, shared: &Shared) {
    let mut passage = shared.passage.subscribe();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let said = &buffer[..read];
        let says = |words: &[u8]| said.windows(words.len()).any(|part| part == words);
        shared.stops.send_if_modified(|stops| {
            let met = stops.is_some_and(says);
            if met {
                (*stops, _) = (None, shared.passage.send_replace(Passage::NoRequests));
            }
            met
        });
        if passage.wait_for(|now| *now != Passage::NoRequests).await.is_err() {
            return;
        }
        match says(COMMIT).then(|| shared.lose()).flatten() {
            Some(Lost::Undone) => return,
            // The answer that comes to this ends the connection.
            Some(Lost::Done) => mute.store(true, Ordering::SeqCst),
            None => {}
        }
        if to.write_all(said).await.is_err() {
            return;
        }
    }
}

/// From the server to the client, until an end or an answer that is to be lost.
async fn answers(mut from: OwnedReadHalf, to: &mut OwnedWriteHalf, mute: &AtomicBool, shared: &Shared) {
    let mut passage = shared.passage.subscribe();
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let cut = passage.wait_for(|now| *now != Passage::NoAnswers).await.is_err();
        if cut || mute.load(Ordering::SeqCst) || to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A server that answers each message with the number of bytes it had, and remembers what it heard.
    async fn echo() -> (String, watch::Receiver<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (heard, hears) = watch::channel(Vec::new());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let heard = heard.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 64];
                    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                        heard.send_modify(|all| all.extend_from_slice(&buffer[..read]));
                        if stream.write_all(&[u8::try_from(read).unwrap()]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        (address, hears)
    }

    async fn to(proxy: &Proxy) -> TcpStream {
        TcpStream::connect(proxy.address()).await.unwrap()
    }

    async fn says(stream: &mut TcpStream, what: &[u8]) -> io::Result<u8> {
        stream.write_all(what).await?;
        stream.read_u8().await
    }

    #[tokio::test]
    async fn what_is_said_goes_through_until_a_reset() {
        let (server, _) = echo().await;
        let proxy = Proxy::before(&server).await.unwrap();
        let mut stream = to(&proxy).await;
        assert_eq!(says(&mut stream, b"abc").await.unwrap(), 3);
        proxy.reset();
        assert_eq!(stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(says(&mut to(&proxy).await, b"ab").await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_cut_holds_one_direction_and_what_was_said_comes_when_it_heals() {
        let (server, mut hears) = echo().await;
        let proxy = Proxy::before(&server).await.unwrap();
        let mut stream = to(&proxy).await;
        proxy.set(Passage::NoAnswers);
        stream.write_all(b"abcd").await.unwrap();
        hears.wait_for(|heard| heard == b"abcd").await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), stream.read_u8()).await.is_err());
        proxy.set(Passage::Open);
        assert_eq!(stream.read_u8().await.unwrap(), 4);
    }

    #[tokio::test]
    async fn nothing_goes_through_behind_the_words_at_which_it_stops() {
        let (server, hears) = echo().await;
        let proxy = Proxy::before(&server).await.unwrap();
        proxy.stop_at(b"copy b");
        let mut stream = to(&proxy).await;
        assert_eq!(says(&mut stream, b"copy a").await.unwrap(), 6);
        stream.write_all(b"copy b").await.unwrap();
        proxy.stopped().await;
        proxy.reset();
        assert_eq!(stream.read_u8().await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        proxy.set(Passage::Open);
        assert_eq!(says(&mut to(&proxy).await, b"copy b").await.unwrap(), 6, "once");
        assert_eq!(*hears.borrow(), b"copy acopy b");
    }

    #[tokio::test]
    async fn a_commit_loses_its_answer_done_or_undone() {
        let (server, mut hears) = echo().await;
        let proxy = Proxy::before(&server).await.unwrap();
        proxy.lose_commits(1, Lost::Done);
        assert!(says(&mut to(&proxy).await, b"COMMIT\0").await.is_err());
        hears.wait_for(|heard| heard == b"COMMIT\0").await.unwrap();
        proxy.lose_commits(1, Lost::Undone);
        assert!(says(&mut to(&proxy).await, b"COMMIT\0").await.is_err());
        assert_eq!(says(&mut to(&proxy).await, b"COMMIT\0").await.unwrap(), 7);
        assert_eq!((proxy.commits_lost(), hears.borrow().len()), (2, 14));
    }
}
