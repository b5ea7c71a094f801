//! Whoever means harm, or merely stands still: the server stays small, answers in time, and serves everybody else.

mod access;
mod bodies;
mod described;
mod heads;
mod masses;
mod packed;
mod readers;
mod secrets;
mod slow;

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use muster_tests::Server;
use sha2::{Digest as _, Sha256};

use crate::api::Api;
use crate::stage::Stage;

/// A server with these settings besides those of its stage.
fn serve(stage: &Stage, settings: &[(&str, &str)]) -> Server {
    Server::start(stage.command(&["serve"]).envs(settings.iter().copied()))
}

/// What a tokens file holds of a token.
fn hash(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A connection on which anything can be said.
struct Raw(TcpStream);

impl Raw {
    fn open(server: &Server) -> Self {
        let address: SocketAddr = server.url().strip_prefix("http://").unwrap().parse().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(stream)
    }

    /// Says something; `false` when the other side has hung up.
    fn say(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }

    /// Everything that comes until the other side closes.
    fn rest(&mut self) -> String {
        let mut all = Vec::new();
        let mut some = [0; 16 * 1024];
        loop {
            match self.0.read(&mut some) {
                Ok(0) => break,
                Ok(read) => all.extend_from_slice(&some[..read]),
                // whoever is cut off for what it sends may find its line reset
                Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(&all)),
            }
        }
        String::from_utf8_lossy(&all).into_owned()
    }

    /// What comes back on a connection that then closes.
    fn ask(server: &Server, said: &[u8]) -> String {
        let mut raw = Self::open(server);
        raw.say(said);
        raw.rest()
    }

    /// Says these bytes one by one, as slowly as a snail, until the other side closes; how long that took and what it
    /// said.
    fn drip(mut self, bytes: impl Iterator<Item = u8>) -> (Duration, String) {
        // waiting for an answer that does not come is what lets time pass between two bytes
        self.0.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let (begun, mut heard, mut some) = (Instant::now(), Vec::new(), [0; 4096]);
        for byte in bytes {
            if !self.say(&[byte]) {
                break;
            }
            match self.0.read(&mut some) {
                Ok(0) => break,
                Ok(read) => heard.extend_from_slice(&some[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it still listens: {}", String::from_utf8_lossy(&heard));
        }
        (begun.elapsed(), String::from_utf8_lossy(&heard).into_owned())
    }
}

/// Mebibytes that a server holds, now and at most so far.
fn memory(server: &Server) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

/// What a measure came to, for whoever reads the tests' words.
fn measured(what: &str) {
    println!("MEASURED {what}");
}

/// Others are served, and soon.
async fn others_are_served(api: &Api) {
    let begun = Instant::now();
    for path in ["/livez", "/api/v1/cases", "/"] {
        let answer = api.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "three answers took {:?}", begun.elapsed());
}
