//! Facts of the field and their pictures: who may hand them in, under which name, and who may look at them.

use axum::body::Body;
use axum::http::HeaderMap;
use muster_domain::case::Case;
use muster_store::SeatRow;
use serde_json::{Value, json};

use super::bench::{Answer, Bench, ask};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";

/// A case whose seat has a link.
async fn with_a_link(bench: &Bench, number: &str, place: &str) -> (Case, String) {
    let case = bench.file(number, place, "500103005", 1).await;
    let seat = case.seats.first().unwrap();
    let row = SeatRow {
        id: seat.id.to_string(),
        case: case.id.to_string(),
        ordinal: 0,
        unit: None,
        role: seat.role.name().to_owned(),
        competence: seat.competence.to_string(),
        state: seat.state.name().to_owned(),
        changed: case.changed.micros(),
        held: false,
    };
    let mut tx = bench.desk.store.begin().await.unwrap();
    tx.seats_put(&[row]).await.unwrap();
    tx.commit().await.unwrap();
    let link = format!("/f/{}", bench.desk.link(&seat.id).unwrap());
    (case, link)
}

/// A form of the field page from a browser that runs no scripts.
async fn form(bench: &Bench, link: &str, cookie: &str, fields: &[(&str, &str)], photo: bool) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--edge\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.png\"\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(if photo { PNG } else { b"" });
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = ask("POST", link).header("content-type", "multipart/form-data; boundary=edge");
    bench.send(request.header("cookie", cookie).body(Body::from(body)).unwrap()).await
}

async fn command(bench: &Bench, case: &Case, headers: &[(&str, &str)], command: &Value) -> Answer {
    let path = format!("/api/v1/cases/{}/commands", case.id);
    let mut request = ask("POST", &path).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    bench.send(request.body(Body::from(command.to_string())).unwrap()).await
}

async fn page(bench: &Bench, path: &str, cookie: &str) -> Answer {
    let request = ask("GET", path).header("cookie", cookie).header("accept", "text/html");
    bench.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_link_that_nobody_took_up_dies_with_its_case_and_one_that_is_held_takes_facts() {
    let bench = Bench::new().await;
    let (held, link) = with_a_link(&bench, "C1124-0001", "lane-1").await;
    let (unheld, unbound) = with_a_link(&bench, "C1124-0002", "lane-2").await;
    let bound = form(&bench, &link, "", &[("command", "photo"), ("name", "王工")], true).await;
    assert_eq!(bound.status, 303, "{}", bound.text);
    let cookie = bound.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_eq!(page(&bench, &unbound, "").await.status, 200, "it lives until its case is over");
    for case in [&held, &unheld] {
        let over = command(&bench, case, &[], &json!({ "command": "void", "reason": "演习" })).await;
        assert_eq!(over.status, 200, "{}", over.text);
    }

    let shown = page(&bench, &link, &cookie).await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    for words in ["仍可以补充照片和说明", "补充说明", "name=\"note\"", "name=\"photo\""] {
        assert!(shown.text.contains(words), "{words}: {}", shown.text);
    }
    let english = page(&bench, &format!("{link}?lang=en"), &cookie).await.text;
    assert!(english.contains("One more remark") && english.contains("remarks are still welcome"), "{english}");
    let nothing = form(&bench, &link, &cookie, &[("command", "note"), ("note", " ")], false).await;
    assert_eq!((nothing.status, nothing.problem().as_str()), (400, "nothing-sent"));
    let noted = form(&bench, &link, &cookie, &[("command", "note"), ("note", "车已开走")], false).await;
    assert_eq!(noted.status, 303, "{}", noted.text);
    let entry = bench.desk.journal(&held.id, 0, 100).await.unwrap().pop().unwrap();
    assert_eq!(entry.reason.as_deref(), Some("车已开走"), "{entry:?}");
    assert!(page(&bench, &link, &cookie).await.text.contains("补充说明 (1)"));

    let before = bench.desk.journal(&unheld.id, 0, 100).await.unwrap();
    let asked = bench.get(&unbound).await;
    assert_eq!((asked.status, asked.problem().as_str()), (410, "seat-gone"));
    assert!(asked.json()["words"]["zh"].as_str().unwrap().contains("席位已结束"), "{}", asked.text);
    let gone = page(&bench, &unbound, "").await;
    assert!(gone.status == 410 && gone.text.contains("不必再去了"), "{}", gone.text);
    assert!(!gone.text.contains("二号通道") && !gone.text.contains(&unbound), "it tells nothing: {}", gone.text);
    let stranger = form(&bench, &unbound, "", &[("command", "photo"), ("name", "Stranger")], true).await;
    assert_eq!((stranger.status, stranger.problem().as_str()), (410, "seat-gone"));
    assert_eq!(stranger.header("set-cookie"), "", "nobody is let in");
    assert_eq!(bench.desk.journal(&unheld.id, 0, 100).await.unwrap(), before);
    let case = bench.get(&format!("/api/v1/cases/{}", unheld.id)).await.json();
    assert!(case["seats"][0].get("link").is_none(), "a dead link is not given out: {case}");
}

#[tokio::test]
async fn a_picture_has_one_name_is_kept_before_it_is_told_and_belongs_to_its_case() {
    let bench = Bench::new().await;
    let own = bench.file("C1124-0001", "lane-1", "500103005", 1).await;
    let other = bench.file("C1124-0002", "lane-2", "500103006", 1).await;
    let never = "0".repeat(64);
    let told = command(&bench, &own, &[], &json!({ "command": "photo", "evidence": never })).await;
    assert_eq!((told.status, told.problem().as_str()), (422, "unknown-evidence"));
    assert!(told.json()["words"]["zh"].as_str().unwrap().contains("先上传"), "{}", told.text);
    let short = command(&bench, &own, &[], &json!({ "command": "photo", "evidence": "63f5" })).await;
    assert_eq!((short.status, short.problem().as_str()), (400, "invalid-command"));

    let kept = bench.send(ask("POST", "/api/v1/media").body(Body::from(PNG)).unwrap()).await.json();
    let id = kept["id"].as_str().unwrap();
    for spelling in [format!("sha256:{}", id.to_uppercase()), id.to_owned()] {
        let photo = command(&bench, &own, &[], &json!({ "command": "photo", "evidence": spelling })).await;
        assert_eq!((photo.status, &photo.json()["photos"]), (200, &json!([id])), "{spelling}: {}", photo.text);
    }

    let look = async |query: &str| {
        let path = format!("/api/v1/evidence/{id}{query}");
        bench.open(ask("GET", &path).body(Body::empty()).unwrap()).await.status().as_u16()
    };
    assert_eq!(look(&format!("?case={}", own.id)).await, 200);
    assert_eq!(look(&format!("?case={}", other.id)).await, 403, "another case is no reason");
    assert_eq!(look(&format!("?case={}&reason=%E5%A4%8D%E6%A0%B8", other.id)).await, 200, "words are");
    assert_eq!((look("").await, look("?reason=%20").await), (403, 403));
    let spelled = format!("/api/v1/evidence/sha256:{id}?reason=x");
    assert_eq!(bench.open(ask("GET", &spelled).body(Body::empty()).unwrap()).await.status(), 200);
    let ledger = bench.desk.store.viewings(id, 10).await.unwrap();
    let why: Vec<_> = ledger.iter().rev().map(|look| (look.case.as_deref(), look.reason.as_str())).collect();
    assert_eq!(why, [(Some(own.id.as_str()), ""), (Some(other.id.as_str()), "复核"), (None, "x")]);
}

#[tokio::test]
async fn an_answer_that_is_repeated_is_the_same_to_its_tag() {
    let bench = Bench::new().await;
    let case = bench.file("C1124-0001", "lane-1", "500103005", 1).await;
    let acknowledge = json!({ "command": "acknowledge" });
    let keyed = async || command(&bench, &case, &[("idempotency-key", "k-1")], &acknowledge).await;
    let (first, again) = (keyed().await, keyed().await);
    let told = |answer: &Answer| (answer.status, answer.header("etag").to_owned(), answer.text.clone());
    assert_eq!(told(&first), told(&again));
    assert_eq!(first.header("etag"), format!("\"{}\"", first.json()["version"]));
    let refused = json!({ "command": "post_check", "ok": true });
    let keyed = async || command(&bench, &case, &[("idempotency-key", "k-2")], &refused).await;
    let (first, again) = (keyed().await, keyed().await);
    assert_eq!((first.status, told(&first)), (409, told(&again)));
    for key in ["", &"k".repeat(256), "k\u{e9}"] {
        let answer = command(&bench, &case, &[("idempotency-key", key)], &acknowledge).await;
        assert_eq!((answer.status, answer.problem().as_str()), (400, "invalid-idempotency-key"), "{key}");
    }
    let longest = command(&bench, &case, &[("idempotency-key", &"k".repeat(255))], &json!({ "command": "note" })).await;
    assert_ne!(longest.problem(), "invalid-idempotency-key");
}

#[tokio::test]
async fn a_command_is_json_of_known_words_about_what_can_have_been_seen() {
    let bench = Bench::new().await;
    let (case, _) = with_a_link(&bench, "C1124-0001", "lane-1").await;
    let path = format!("/api/v1/cases/{}/commands", case.id);
    let note = json!({ "command": "note", "reason": "看过" }).to_string();
    for (kind, status) in [
        (None, 415),
        (Some("text/plain"), 415),
        (Some("application/json; charset=gbk"), 415),
        (Some("application/json; charset=utf-8"), 200),
    ] {
        let headers: HeaderMap =
            kind.map(|kind| ("content-type".parse().unwrap(), kind.parse().unwrap())).into_iter().collect();
        let mut request = ask("POST", &path).body(Body::from(note.clone())).unwrap();
        request.headers_mut().extend(headers);
        let answer = bench.send(request).await;
        assert_eq!(answer.status, status, "{kind:?}: {}", answer.text);
    }
    let strange = command(&bench, &case, &[], &json!({ "command": "note", "reason": "x", "zzz": 1 })).await;
    assert_eq!((strange.status, strange.problem().as_str()), (400, "malformed-json"));
    assert!(strange.text.contains("zzz"), "{}", strange.text);

    let seat = case.seats.first().unwrap().id.to_string();
    let order = async |beyond: u64| {
        let expects = json!({ "seat_version": case.version + 1 + beyond });
        command(&bench, &case, &[], &json!({ "command": "acknowledge", "seat": seat, "expects": expects })).await
    };
    assert_eq!(order(100).await.problem(), "precondition-failed", "nobody has seen what is still to come");
    assert_eq!(order(0).await.status, 200);
}
