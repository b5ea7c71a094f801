//! Field links: who is told what, and what a browser may keep of them.

use axum::body::Body;
use muster_domain::case::Actor;
use muster_domain::id::UnitId;
use muster_domain::lifecycle::Command;
use muster_domain::text::Words;
use muster_pipeline::operate::{Expects, Order};

use super::bench::{Answer, Bench, ask};

/// A form of the field page with a picture that is none.
const FORM: &str = "--x\r\ncontent-disposition: form-data; name=\"command\"\r\n\r\narrived\r\n\
    --x\r\ncontent-disposition: form-data; name=\"name\"\r\n\r\n王工\r\n\
    --x\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.txt\"\r\n\r\nno picture\r\n--x--\r\n";

/// The link of a seat of a case, whose unit was asked.
async fn asked(bench: &Bench) -> String {
    let case = bench.file("C1124-0001", "lane-1", "500103005", 1).await;
    let seat = case.seats[0].id.clone();
    let link = format!("/f/{}", bench.desk.link(&seat).unwrap());
    let unit = UnitId::parse("enforcement").unwrap();
    let command = Command::Ask(seat, unit, Words::new("本网格", "its own cell"), false);
    let order = Order { by: Actor::Dispatch, command, reason: None, expects: Expects::default() };
    bench.desk.order(&case.id, &order).await.unwrap();
    link
}

async fn post(bench: &Bench, link: &str, cookie: &str) -> Answer {
    let request = ask("POST", link).header("content-type", "multipart/form-data; boundary=x").header("cookie", cookie);
    bench.send(request.body(Body::from(FORM)).unwrap()).await
}

#[tokio::test]
async fn a_link_that_is_bound_tells_other_devices_so_and_nothing_of_the_case() {
    let bench = Bench::new().await;
    let link = asked(&bench).await;
    let refused = post(&bench, &link, "").await;
    assert_eq!((refused.status, refused.problem().as_str()), (415, "no-picture"));
    // The link is bound though the picture was refused: this device must know by what.
    let cookie = refused.header("set-cookie").split(';').next().unwrap().to_owned();
    let again = post(&bench, &link, &cookie).await;
    assert_eq!((again.status, again.problem().as_str()), (415, "no-picture"), "and is not another device now");
    let own = bench.send(ask("GET", &link).header("cookie", &cookie).body(Body::empty()).unwrap()).await;
    assert!(own.status == 200 && own.text.contains("一号通道"), "{}", own.text);

    assert_eq!(post(&bench, &link, "").await.problem(), "bound-elsewhere");
    for (language, words) in [("zh", "这个链接已在另一台设备上使用"), ("en", "This link is in use on another device")]
    {
        let path = format!("{link}?lang={language}");
        let page = bench.send(ask("GET", &path).header("accept", "text/html").body(Body::empty()).unwrap()).await;
        assert_eq!((page.status, page.header("cache-control")), (403, "no-store"));
        assert!(page.text.contains(&format!("<h1>{words}</h1>")), "{}", page.text);
        for secret in ["C1124-0001", "一号通道", "王工", link.as_str()] {
            assert!(!page.text.contains(secret), "{secret} in {}", page.text);
        }
    }
}

/// Posts these fields with a key, in the bytes of a browser of its own.
async fn say(bench: &Bench, link: &str, cookie: &str, key: &str, fields: &[(&str, &str)], boundary: &str) -> Answer {
    let part = |(name, value): &(&str, &str)| {
        format!("--{boundary}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body = fields.iter().map(part).collect::<String>() + &format!("--{boundary}--\r\n");
    let request = ask("POST", link)
        .header("content-type", format!("multipart/form-data; boundary={boundary}"))
        .header("cookie", cookie)
        .header("idempotency-key", key);
    bench.send(request.body(Body::from(body)).unwrap()).await
}

/// What is in the case's journal of one kind.
async fn told(bench: &Bench, kind: &str) -> usize {
    let events = bench.get("/api/v1/cases/case_C1124-0001/events").await.json();
    let events = events["items"].as_array().unwrap();
    events.iter().filter(|event| event["what"][kind].is_object()).count()
}

#[tokio::test]
async fn what_is_posted_again_with_its_key_is_entered_once() {
    let bench = Bench::new().await;
    let link = asked(&bench).await;
    let remark = [("command", "note"), ("name", "王工"), ("note", "车主已联系")];
    let first = say(&bench, &link, "", "key-1", &remark, "x").await;
    let cookie = first.header("set-cookie").split(';').next().unwrap().to_owned();
    let again = say(&bench, &link, &cookie, "key-1", &remark, "another").await;
    for answer in [&first, &again] {
        assert_eq!((answer.status, answer.header("location")), (303, link.as_str()), "{}", answer.text);
    }
    assert_eq!(told(&bench, "noted").await, 1);
    let other = say(&bench, &link, &cookie, "key-1", &[("command", "note"), ("note", "车已开走")], "x").await;
    assert_eq!((other.status, other.problem().as_str(), told(&bench, "noted").await), (422, "key-reused", 1));
    say(&bench, &link, &cookie, "key-2", &remark, "x").await;
    assert_eq!(told(&bench, "noted").await, 2, "said again on purpose");

    let step = [("command", "arrived"), ("note", "在现场"), ("done_at", "2026-11-24T08:40:00Z")];
    for boundary in ["x", "another"] {
        let answer = say(&bench, &link, &cookie, "key-3", &step, boundary).await;
        assert_eq!(answer.status, 303, "{}", answer.text);
    }
    assert_eq!((told(&bench, "noted").await, told(&bench, "arrived").await), (3, 1), "each part of it once");
    say(&bench, &link, &cookie, "key-4", &[("command", "done")], "x").await;
    for boundary in ["x", "another"] {
        let refused =
            say(&bench, &link, &cookie, "key-5", &[("command", "return"), ("reason", "堵车")], boundary).await;
        assert_eq!(refused.status, 409, "a refusal stays what it was: {}", refused.text);
    }
}

#[tokio::test]
async fn a_first_word_whose_answer_was_lost_is_of_the_same_device_when_it_comes_again() {
    let bench = Bench::new().await;
    let link = asked(&bench).await;
    let remark = [("command", "note"), ("name", "王工"), ("note", "车主已联系")];
    let key = "5f3c9a0e7d1b42689c0e5a7b1d2f3e48";
    let first = say(&bench, &link, "", key, &remark, "x").await;
    let again = say(&bench, &link, "", key, &remark, "x").await;
    assert_eq!((first.status, again.status, told(&bench, "noted").await), (303, 303, 1), "{}", again.text);
    assert_eq!(first.header("set-cookie"), again.header("set-cookie"));
    let cookie = again.header("set-cookie").split(';').next().unwrap().to_owned();
    assert!(!cookie.contains(key), "{cookie}");
    assert_eq!(say(&bench, &link, &cookie, "key-2", &remark, "x").await.status, 303);
    for other in ["k", "key-2", "00000000000000000000000000000000"] {
        assert_eq!(say(&bench, &link, "", other, &remark, "x").await.problem(), "bound-elsewhere", "{other}");
    }
}

#[tokio::test]
async fn a_key_that_could_be_guessed_makes_no_device() {
    let bench = Bench::new().await;
    let link = asked(&bench).await;
    let remark = [("command", "note"), ("name", "王工"), ("note", "车主已联系")];
    assert_eq!(say(&bench, &link, "", "1", &remark, "x").await.status, 303);
    assert_eq!(say(&bench, &link, "", "1", &remark, "x").await.problem(), "bound-elsewhere");
}

#[tokio::test]
async fn the_page_holds_every_step_and_offers_the_next_alone() {
    let bench = Bench::new().await;
    let link = asked(&bench).await;
    let forms = |page: &str| -> Vec<(String, bool)> {
        let starts = page.split("<form id=\"").skip(1);
        starts
            .map(|form| {
                (form.split('"').next().unwrap().to_owned(), form.split('>').next().unwrap().contains(" hidden"))
            })
            .collect()
    };
    let wanted =
        |rows: &[(&str, bool)]| rows.iter().map(|(id, hidden)| ((*id).to_owned(), *hidden)).collect::<Vec<_>>();
    let page = bench.get(&link).await.text;
    let all = [("do-accept", false), ("do-arrived", true), ("do-done", true), ("do-more", true)];
    assert_eq!(forms(&page), wanted(&all));
    assert_eq!(page.split("id=\"foot\"").nth(1).unwrap().matches("name=\"name\"").count(), 1, "a name is asked once");
}

#[tokio::test]
async fn what_keeps_a_page_speaks_for_links_alone() {
    let bench = Bench::new().await;
    let worker = bench.get("/f/worker.js").await;
    assert_eq!((worker.status, worker.header("content-type")), (200, "text/javascript; charset=utf-8"));
    assert_eq!(worker.header("service-worker-allowed"), "", "nothing above its own folder");
    assert!(worker.header("content-security-policy").contains("default-src 'self'"));
    assert_eq!(worker.header("cache-control"), "no-store", "a newer one is found at the next visit");
}
