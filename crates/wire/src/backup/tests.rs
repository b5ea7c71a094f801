//! Manifests that come back, and those that are refused.

use super::*;

fn sample() -> Manifest {
    let hash = "ab".repeat(32);
    let file = |item, rows| File { item, bytes: 7, sha256: hash.clone(), rows };
    Manifest {
        program: "0.1.0".to_owned(),
        at: 1_795_478_400_000_000,
        profile: Profile::Embedded,
        schema: 3,
        log: Some(Log {
            cluster: "embedded".to_owned(),
            topics: vec!["muster.case.v1=g".to_owned()],
            generation: "g".to_owned(),
            partitions: 4,
        }),
        missing: 1,
        files: vec![
            file(Item::Store, None),
            file(Item::Table("case_event".to_owned()), Some(2)),
            file(Item::Day("2026-11-24".to_owned()), None),
            file(Item::Evidence(hash.clone()), None),
        ],
    }
}

#[test]
fn a_manifest_comes_back() {
    assert_eq!(read(write(&sample()).as_bytes()), Ok(sample()));
    let bare = Manifest { profile: Profile::Kafka, log: None, missing: 0, files: Vec::new(), ..sample() };
    assert_eq!(read(write(&bare).as_bytes()), Ok(bare));
}

#[test]
fn what_is_no_file_of_a_backup_is_refused() {
    for path in [
        "",
        "/etc/passwd",
        "../store.db",
        "store.db/",
        "./store.db",
        "store/../x.copy",
        "store/a/b.copy",
        "store/A.copy",
        "store/.copy",
        "log/2026-11-24.db/..",
        "log/2026-1-24.db",
        "log/../../2026-11-24.db",
        "evidence/ab/../x",
        "manifest.json",
        "lock",
    ] {
        assert_eq!(Item::parse(path), None, "{path}");
        let written = write(&sample()).replace("store.db", path);
        let error = read(written.as_bytes()).unwrap_err();
        assert_eq!((error.pointer.as_str(), error.code), ("/files/0/path", Code::InvalidValue), "{path}");
    }
    let hash = "ab".repeat(32);
    assert_eq!(Item::parse(&format!("evidence/cd/{hash}")), None);
    assert_eq!(Item::parse(&format!("evidence/ab/{hash}")), Some(Item::Evidence(hash)));
}

#[test]
fn another_version_two_files_of_one_name_and_a_picture_of_another_content_are_refused() {
    let written = write(&sample());
    let refused = |from: &str, to: &str| read(written.replacen(from, to, 1).as_bytes()).unwrap_err().to_string();
    assert_eq!(refused("backup.v1", "backup.v2"), "/format: is not muster.backup.v1");
    assert_eq!(refused("log/2026-11-24.db", "store.db"), "/files/2/path: is there twice in one list");
    assert!(refused("\"at\":\"2026", "\"at\":\"26").starts_with("/at"));
    assert!(refused("\"embedded\"", "\"paper\"").starts_with("/profile"));
    let mut other = sample();
    other.files[3].sha256 = "cd".repeat(32);
    assert_eq!(read(write(&other).as_bytes()).unwrap_err().pointer, "/files/3/sha256");
    assert_eq!(read(b"\xff").unwrap_err().code, Code::NotUtf8);
    assert_eq!(read(b"[]").unwrap_err().code, Code::WrongType);
}
