//! A machine that is too small: a full disk, one that may only be read, too few file descriptors, too little memory.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use muster_tests::{Server, eventually, skipped};
use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::super::account;
use super::super::check::{Command as Given, Fate};
use super::super::sender::PATIENCE;
use super::super::trial::Trial;
use super::{SECONDS, tell};
use crate::api::{Api, send};
use crate::stage::Stage;

/// A small disk of its own, in memory; `None` means skipped, for want of the right to mount one.
pub(super) struct Disk(TempDir);

/// Its size.
const MEBIBYTES: u64 = 96;

impl Disk {
    pub(super) fn mount(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        skipped("the right to mount a small disk (tmpfs)");
        None
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    /// Fills it until so many bytes are left, or less.
    fn fill(&self, left: u64) {
        let free =
            std::process::Command::new("df").args(["-B1", "--output=avail"]).arg(self.0.path()).output().unwrap();
        let text = String::from_utf8_lossy(&free.stdout).into_owned();
        let free: u64 = text.lines().nth(1).unwrap().trim().parse().unwrap();
        let size = std::fs::metadata(self.ballast()).map_or(0, |file| file.len()) + free.saturating_sub(left);
        // Written and not only claimed: what is not written takes no room.
        let written = std::fs::write(self.ballast(), vec![1; usize::try_from(size).unwrap()]);
        assert!(written.is_ok() || left == 0, "{written:?}");
    }

    fn make_room(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_disk_may_be_full_for_a_while() {
    let Some(disk) = Disk::mount(&format!("size={MEBIBYTES}m")) else { return };
    let stage = Stage::below(disk.0.path());
    let mut trial = Trial::begin(&stage, SECONDS, 16).await;
    let server = trial.serve();
    let api = Api::new(server.url());
    let (after, noted) = trial
        .while_sending(async |probe| {
            probe.works().await;
            let case = api.list("/api/v1/cases").await.remove(0);
            let note = |fate| Given { case: case["id"].as_str().unwrap().to_owned(), what: "note", fate };
            disk.fill(MEBIBYTES << 20 >> 6);
            let full = async || {
                let answer = api.post("/api/v1/reports", "application/json", report("full")).await;
                (answer.status == 503).then_some(answer)
            };
            let refused = eventually("intake to refuse", PATIENCE, full).await;
            assert!(!refused.header("retry-after").is_empty(), "{}", refused.text());
            assert!(probe.is_not_ready().await.contains("the log is full"));
            let noted =
                api.order(case["id"].as_str().unwrap(), &json!({ "command": "note", "reason": "磁盘满了" })).await;
            assert_eq!(noted.status, 200, "case work goes on: {}", noted.text());
            disk.fill(0);
            assert_eq!(api.get("/livez").await.status, 200);
            let noted = send(
                api.request(Method::POST, &format!("/api/v1/cases/{}/commands", case["id"].as_str().unwrap()))
                    .header("content-type", "application/json")
                    .body(json!({ "command": "note", "reason": "什么都写不下" }).to_string()),
            )
            .await
            .unwrap();
            assert!([200, 503].contains(&noted.status), "{}", noted.text());
            let fate = if noted.status == 200 { Fate::Done } else { Fate::Refused };
            disk.make_room();
            let commands = [("磁盘满了", note(Fate::Done)), ("什么都写不下", note(fate))];
            (vec![probe.works().await], commands)
        })
        .await;
    account::standing(&api).await.sound("the disk was full");
    trial.sent.commands.extend(noted.map(|(words, command)| (words.to_owned(), command)));
    tell("disk below 5 % free, then full", &after, &trial.end(vec![server]).await);
}

fn report(id: &str) -> String {
    json!({ "source": "elsewhere", "id": id, "kind": "street.litter", "text": "垃圾" }).to_string()
}

#[tokio::test]
async fn a_data_folder_that_may_only_be_read_is_refused() {
    let Some(disk) = Disk::mount("ro,size=1m") else { return };
    let mut command = Stage::embedded().command(&["serve"]);
    let output = command.env("MUSTER_DATA_DIR", disk.0.path()).env_remove("MUSTER_STORE__URL").output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{words}");
    let folder = disk.0.path().display().to_string();
    assert!(words.contains(&folder) && words.contains("a folder that this user may write"), "{words}");
}

/// How long a connection may take to be taken and answered.
const SOON: Duration = Duration::from_millis(500);

/// Connections of somebody who says nothing.
const CROWD: usize = 1_000;

/// The server under a limit of the system's: `prlimit` sets it and becomes the server.
fn limited(stage: &Stage, limit: &str) -> Server {
    let mut inner = stage.command(&["serve"]);
    inner.env("MUSTER_INTAKE__LATE_AFTER", "30d").env("RUST_LOG", "warn");
    let mut command = Command::new("prlimit");
    command.arg(limit).arg(inner.get_program()).args(inner.get_args()).env_clear();
    command.envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Server::start(&mut command)
}

/// The most files that the process may open from now on; it cannot have more than it began with.
fn may_open(server: &Server, files: &str) {
    let pid = server.id().to_string();
    assert!(Command::new("prlimit").args(["--pid", &pid, &format!("--nofile={files}")]).status().unwrap().success());
}

/// Whether a connection made now is taken and answered soon.
async fn is_taken(address: &str) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
        stream.read_u8().await
    };
    tokio::time::timeout(SOON, asked).await.is_ok_and(|answer| answer.is_ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_descriptors_may_run_out() {
    let stage = Stage::embedded();
    let mut trial = Trial::begin(&stage, SECONDS, 17).await;
    let server = limited(&stage, "--nofile=96");
    trial.turn_to(&server);
    let after = trial
        .while_sending(async |probe| {
            probe.works().await;
            let address = server.url().trim_start_matches("http://").to_owned();
            // More connections than it has places, from somebody who says nothing: they take no descriptor from others.
            let mut idle = Vec::new();
            for _ in 0..CROWD {
                idle.push(TcpStream::connect(&address).await.unwrap());
            }
            let taken = std::fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count();
            assert!(taken < 90, "{taken} descriptors are taken");
            drop(idle);
            let crowded = probe.works().await;
            // And none at all, for whatever reason.
            may_open(&server, "3:96");
            let none = async || (!is_taken(&address).await).then_some(());
            eventually("the descriptors to run out", PATIENCE, none).await;
            may_open(&server, "96:96");
            vec![crowded, probe.works().await]
        })
        .await;
    account::standing(&Api::new(server.url())).await.sound("descriptors ran out");
    tell("96 file descriptors and 1,000 idle connections, then none at all", &after, &trial.end(vec![server]).await);
}

/// The most memory that a process has had, in MiB.
fn peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(Path::new("/proc").join(server.id().to_string()).join("status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() >> 10
}

/// 256 MiB, thread stacks included: a limit on the data segment counts everything private that may be written, reserved
/// or used, so it is stricter than a container's.
async fn in_256_mebibytes(name: &str, stage: Stage, seed: u64) {
    let mut trial = Trial::begin(&stage, SECONDS, seed).await;
    let server = limited(&stage, "--data=268435456");
    trial.turn_to(&server);
    let after = trial.while_sending(async |probe| probe.works().await).await;
    trial.send_the_rest().await;
    let most = peak(&server);
    let told = trial.end(vec![server]).await;
    assert!(most < 256, "{most} MiB");
    tell(&format!("256 MiB ({name}; at most {most} MiB were used)"), &[after], &told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_works_in_256_mebibytes() {
    in_256_mebibytes("embedded", Stage::embedded(), 18).await;
    let Some(stage) = Stage::kafka() else { return };
    in_256_mebibytes("Kafka and PostgreSQL", stage, 19).await;
}
