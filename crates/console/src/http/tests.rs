//! The routes asked without a socket: what is described is there, and every refusal is a problem.

mod bench;
mod facts;
mod field;
mod letters;
mod same;
mod shown;
mod wordless;

use axum::body::Body;
use futures_util::StreamExt as _;
use muster_domain::id::AdapterName;
use muster_pipeline::admit::{Sender, Sent};
use muster_store::{ReportClaim, ReportOf};
use muster_wire::schema::{ROUTES, Route};
use serde_json::{Value, json};

use super::Access;
use bench::{Bench, ask};

/// The routes of the table that sources bring, which this crate does not know.
fn is_of_sources(route: &Route) -> bool {
    let paths = ["/api/v1/observations", "/api/v1/reports", "/api/v1/catalogue/{kind}"];
    route.method == "POST" && paths.contains(&route.path)
}

fn example(path: &str) -> String {
    path.replace("/dead-letters/{id}", "/dead-letters/7").replace("{source}", "141").replace("{id}", "none")
}

#[tokio::test]
async fn every_described_route_is_there_and_no_other_method_of_it() {
    let bench = Bench::new().await;
    for route in ROUTES.iter().filter(|route| !is_of_sources(route)) {
        let request = ask(route.method, &example(route.path)).body(Body::empty()).unwrap();
        if route.path == "/api/v1/stream" {
            assert_eq!(bench.open(request).await.status(), 200);
            continue;
        }
        let answer = bench.send(request).await;
        let nowhere =
            answer.status == 404 && answer.text.contains("nothing at this address") && !route.path.contains('{');
        assert!(!nowhere && answer.status != 405, "{} {}: {}", route.method, route.path, answer.text);
        let described = muster_wire::schema::openapi();
        let pointer = format!(
            "/paths/{}/{}/responses/{}",
            route.path.replace('/', "~1"),
            route.method.to_lowercase(),
            answer.status
        );
        assert!(described.pointer(&pointer).is_some(), "{pointer} is not described: {}", answer.text);
        if answer.status >= 400 {
            answer.problem();
        }
        let other = bench.send(ask("PATCH", &example(route.path)).body(Body::empty()).unwrap()).await;
        assert_eq!((other.status, other.problem().as_str()), (405, "method-not-allowed"), "{}", route.path);
        assert!(other.header("allow").contains(route.method), "{}: {:?}", route.path, other.headers);
    }
}

#[tokio::test]
async fn the_descriptions_are_served() {
    let bench = Bench::new().await;
    assert_eq!(bench.get("/openapi.json").await.json(), muster_wire::schema::openapi());
    assert_eq!(bench.get("/asyncapi.json").await.json()["asyncapi"], "3.0.0");
}

#[tokio::test]
async fn every_refusal_is_a_problem() {
    let bench = Bench::new().await;
    let case = bench.file("1", "lane-1", "500103005", 1).await;
    let commands = format!("/api/v1/cases/{}/commands", case.id);
    let big = "x".repeat(3 << 20);
    let events = format!("/api/v1/cases/{}/events", case.id);
    let (strange, signed) = (format!("{events}?cursor=x"), format!("{events}?cursor=-1"));
    let rows: [(&str, &str, &str, u16, &str); 28] = [
        ("GET", "/nowhere", "", 404, "not-found"),
        ("GET", "/api/v1/nowhere", "", 404, "not-found"),
        ("OPTIONS", "/api/v1/cases", "", 405, "method-not-allowed"),
        ("DELETE", "/api/v1/cases", "", 405, "method-not-allowed"),
        ("GET", "/api/v1/cases?limit=many", "", 400, "malformed-request"),
        ("GET", "/api/v1/cases?limit=-1", "", 400, "malformed-request"),
        ("GET", "/api/v1/cases?cursor=x", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/cases?state=dancing", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/cases?overdue=perhaps", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/cases?grid=%20", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/cases?q=%00", "", 400, "refused"),
        ("GET", "/api/v1/cases/%FF", "", 400, "malformed-request"),
        ("GET", "/api/v1/cases/none", "", 404, "not-found"),
        ("GET", "/api/v1/cases/none/events", "", 404, "not-found"),
        ("GET", &strange, "", 400, "invalid-parameter"),
        ("GET", &signed, "", 400, "invalid-parameter"),
        ("GET", "/api/v1/conditions?state=dancing", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/conditions/none", "", 404, "not-found"),
        ("GET", "/api/v1/places?grid=%20", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/dead-letters?cursor=x", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/dead-letters?state=lost", "", 400, "invalid-parameter"),
        ("GET", "/api/v1/dead-letters/x", "", 400, "malformed-request"),
        ("POST", "/api/v1/dead-letters/7/drop", "{", 400, "malformed-json"),
        ("POST", "/api/v1/media", "", 400, "empty"),
        ("POST", "/api/v1/media", "no picture", 415, "no-picture"),
        ("POST", &commands, "{\"command\":", 400, "malformed-json"),
        ("POST", &commands, "{\"command\":\"accept\",\"expects\":{\"mood\":1}}", 400, "malformed-json"),
        ("POST", &commands, &big, 413, "too-large"),
    ];
    for (method, path, body, status, code) in rows {
        let request = ask(method, path).header("content-type", "application/json");
        let answer = bench.send(request.body(Body::from(body.to_owned())).unwrap()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code), "{method} {path}: {}", answer.text);
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{method} {path}");
    }
    let not_utf8 = ask("POST", &commands).header("content-type", "application/json");
    let not_utf8 = bench.send(not_utf8.body(Body::from(vec![0xff, 0xfe])).unwrap()).await;
    assert_eq!((not_utf8.status, not_utf8.problem().as_str()), (400, "malformed-json"));
    let form = ask("POST", "/dead-letters/7/drop").header("content-type", "text/plain");
    assert_eq!(bench.send(form.body(Body::empty()).unwrap()).await.problem(), "unsupported-media-type");
    let head = bench.send(ask("HEAD", "/api/v1/cases").body(Body::empty()).unwrap()).await;
    assert_eq!((head.status, head.text.as_str()), (200, ""));
    let foreign = axum::http::Request::builder().uri("/api/v1/cases").header("host", "evil.example");
    assert_eq!(bench.send(foreign.body(Body::empty()).unwrap()).await.problem(), "not-local");
}

#[tokio::test]
async fn every_answer_bears_the_name_of_its_request() {
    let bench = Bench::new().await;
    let named = async |path: &str, name: &str| {
        let answer = bench.send(ask("GET", path).header("x-request-id", name).body(Body::empty()).unwrap()).await;
        answer.header("x-request-id").to_owned()
    };
    for path in ["/livez", "/api/v1/cases", "/nowhere", "/assets/none.js"] {
        assert_eq!(named(path, "gateway-7:0001").await, "gateway-7:0001", "{path}");
    }
    let drawn = bench.get("/livez").await.header("x-request-id").to_owned();
    assert_eq!(drawn.len(), 32, "{drawn}");
    for strange in ["", "two words", "[31m", "<script>", &"x".repeat(129)] {
        let given = named("/livez", strange).await;
        assert!(given.len() == 32 && given != drawn, "{strange:?} became {given:?}");
    }
}

#[tokio::test]
async fn lists_have_pages_and_filters() {
    let bench = Bench::new().await;
    let late = bench.file("C1124-0001", "lane-1", "500103005", 300).await;
    let fresh = bench.file("C1124-0002", "lane-2", "500103006", 1).await;
    let (late, fresh) = (late.id.to_string(), fresh.id.to_string());
    let found = async |query: &str| bench.get(&format!("/api/v1/cases{query}")).await.ids();
    assert_eq!(found("").await, [late.clone(), fresh.clone()]);
    assert_eq!(found("?overdue=true").await, [late.as_str()]);
    assert_eq!(found("?overdue=false").await, [fresh.as_str()], "only what is not");
    assert_eq!(found("?overdue=").await.len(), 2, "as a form has it where nothing is chosen");
    assert_eq!(found("?q=c1124-0002").await, [fresh.as_str()]);
    assert_eq!(found("?q=LANE-1").await, [late.as_str()]);
    assert_eq!(found("?q=%25").await, [""; 0], "nothing is special in a search");
    assert_eq!(found("?state=filed&kind=fire.lane.blocked&grid=500103006").await, [fresh.as_str()]);
    assert_eq!(found("?state=closed").await, [""; 0]);
    let first = bench.get("/api/v1/cases?limit=1").await;
    let next = first.json()["next"].as_str().unwrap().to_owned();
    let link = first.header("link").strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    let linked = bench.get(link).await;
    assert_eq!((linked.ids(), linked.header("link")), (vec![fresh.clone()], ""), "{link}");
    assert_eq!((first.ids(), found(&format!("?limit=1&cursor={next}")).await), (vec![late.clone()], vec![fresh]));

    let journal = bench.get(&format!("/api/v1/cases/{late}/events?limit=1")).await.json();
    assert_eq!((&journal["items"][0]["version"], &journal["next"]), (&json!(1), &json!("1")), "{journal}");
    let rest = bench.get(&format!("/api/v1/cases/{late}/events?limit=1&cursor=1")).await.json();
    assert_eq!((&rest["items"][0]["version"], &rest["next"]), (&json!(2), &Value::Null), "{rest}");

    let places = bench.get("/api/v1/places?limit=1").await;
    assert_eq!((places.ids(), places.json()["next"].clone()), (vec!["lane-1".to_owned()], json!("lane-1")));
    assert_eq!(bench.get("/api/v1/places?cursor=lane-1").await.ids(), ["lane-2"]);
    assert_eq!(bench.get("/api/v1/places?grid=500103005&class=fire_lane").await.ids(), ["lane-1"]);
    assert_eq!(bench.get("/api/v1/grid").await.ids().len(), 3);
    let rules = bench.get("/api/v1/rules").await.json();
    let rule = &rules["items"][0];
    for member in ["id", "version", "watches", "mode", "kind", "severity"] {
        assert!(!rule[member].is_null(), "{member}: {rules}");
    }
    assert!(rule["name"]["zh"].is_string() && rule["raise"]["when"].is_string() && rule["clear"]["for"].is_string());
    assert!(bench.get("/api/v1/conditions").await.ids().is_empty());
}

#[tokio::test]
async fn a_version_is_a_strong_tag() {
    let bench = Bench::new().await;
    let case = bench.file("1", "lane-1", "500103005", 1).await;
    let path = format!("/api/v1/cases/{}", case.id);
    let answer = bench.get(&path).await;
    assert_eq!(answer.header("etag"), format!("\"{}\"", case.version));
    for (known, status) in [("\"2\"", 304), ("W/\"2\"", 304), ("\"1\", \"2\"", 304), ("*", 304), ("\"1\"", 200)] {
        let request = ask("GET", &path).header("if-none-match", known).body(Body::empty()).unwrap();
        assert_eq!(bench.send(request).await.status, status, "{known}");
    }
    let commands = format!("{path}/commands");
    let order = async |tag: &str| {
        let body = json!({ "command": "acknowledge" }).to_string();
        let request = ask("POST", &commands).header("content-type", "application/json").header("if-match", tag);
        bench.send(request.body(Body::from(body)).unwrap()).await
    };
    assert_eq!(order("\"1\"").await.problem(), "precondition-failed");
    assert_eq!(order("\"2\"").await.status, 200);
}

#[tokio::test]
async fn readiness_names_each_part_and_is_off_while_stopping() {
    let bench = Bench::new().await;
    let ready = bench.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (200, &json!(true)), "{}", ready.text);
    let roles = ready.json()["roles"].as_array().unwrap().len();
    assert_eq!((roles, waits_for(&ready, "watch")), (5, json!([])), "{}", ready.text);
    bench.stop.cancel();
    let stopping = bench.get("/readyz").await;
    let parts = stopping.json()["parts"].clone();
    assert_eq!(stopping.status, 503, "{parts}");
    let process = parts.as_array().unwrap().iter().find(|part| part["part"] == "process").unwrap();
    assert_eq!((&process["ready"], &process["reason"]), (&json!(false), &json!("the process is stopping")));
    for part in ["store", "clock", "log", "configuration"] {
        assert!(parts.as_array().unwrap().iter().any(|one| one["part"] == part && one["ready"] == true), "{parts}");
    }
    bench.desk.store.close().await;
    let without = bench.get("/readyz").await;
    let parts = without.json()["parts"].clone();
    let store = parts.as_array().unwrap().iter().find(|part| part["part"] == "store").unwrap();
    assert!(store["ready"] == false && store["reason"].is_string(), "{parts}");
    assert_eq!(waits_for(&without, "watch"), json!(["process", "store"]), "{}", without.text);
    assert_eq!(waits_for(&without, "admit"), json!(["process"]), "what is seen is kept without the store");
    assert_eq!(bench.get("/livez").await.status, 200, "a restart of the process would mend nothing");
    let unavailable = bench.get("/api/v1/cases").await;
    assert_eq!((unavailable.status, unavailable.problem().as_str()), (503, "unavailable"));
    assert_eq!(unavailable.header("retry-after"), "2");
}

/// What a role waits for, as readiness says.
fn waits_for(answer: &bench::Answer, role: &str) -> Value {
    let roles = answer.json()["roles"].clone();
    let role = roles.as_array().unwrap().iter().find(|one| one["role"] == role).unwrap();
    assert_eq!(role["ready"], role["waits_for"] == json!([]), "{role}");
    role["waits_for"].clone()
}

/// A token of each kind, by its own words.
fn tokens(lines: &str) -> Access {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    Access::tokens(file.path()).unwrap()
}

/// `own` sees one street, `all` everything.
fn own_and_all() -> Access {
    use sha2::Digest as _;
    let hash = |word: &str| sha2::Sha256::digest(word).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    tokens(&format!(
        "[[token]]\nname = \"own\"\nrole = \"operator\"\njurisdiction = \"500103005\"\nhash = \"{}\"\n\
         [[token]]\nname = \"all\"\nrole = \"operator\"\nhash = \"{}\"\n",
        hash("own"),
        hash("all")
    ))
}

#[tokio::test]
async fn a_case_of_another_jurisdiction_is_as_if_it_were_not_there() {
    let bench = Bench::with(own_and_all(), false).await;
    let (own, other) =
        (bench.file("1", "lane-1", "500103005", 1).await, bench.file("2", "lane-2", "500103006", 1).await);
    let with = async |word: &str, method: &str, path: &str, body: &str| {
        let request = ask(method, path).header("content-type", "application/json");
        let request = request.header("authorization", format!("Bearer {word}"));
        bench.send(request.body(Body::from(body.to_owned())).unwrap()).await
    };
    assert_eq!(with("own", "GET", "/api/v1/cases", "").await.ids(), [own.id.as_str()]);
    assert_eq!(with("all", "GET", "/api/v1/cases", "").await.ids().len(), 2);
    let path = format!("/api/v1/cases/{}", other.id);
    let note = json!({ "command": "note", "reason": "看过" }).to_string();
    for (method, path, body) in [
        ("GET", path.clone(), ""),
        ("GET", format!("{path}/events"), ""),
        ("POST", format!("{path}/commands"), note.as_str()),
        ("GET", format!("/cases/{}", other.id), ""),
    ] {
        let refused = with("own", method, &path, body).await;
        assert_eq!((refused.status, refused.problem().as_str()), (404, "not-found"), "{method} {path}");
        assert_eq!(with("all", method, &path, body).await.status, 200, "{method} {path}");
    }
    let stranger = bench.get("/api/v1/cases").await;
    assert_eq!((stranger.status, stranger.problem().as_str()), (401, "no-token"));
    assert_eq!(stranger.header("www-authenticate"), "Bearer");
}

#[tokio::test]
async fn a_report_is_read_by_its_source_and_by_whoever_sees_its_case() {
    use sha2::Digest as _;
    let token = |name: &str, role: &str, more: &str| {
        let hash: String = sha2::Sha256::digest(name).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("[[token]]\nname = \"{name}\"\nrole = \"{role}\"\nhash = \"{hash}\"\n{more}\n")
    };
    let all = [
        token("141", "source", "sources = [\"141*\"]"),
        token("gate", "source", "sources = [\"gate\"]"),
        token("own", "reader", "jurisdiction = \"500103005\""),
        token("other", "operator", "jurisdiction = \"500103006\""),
        token("both", "operator", "jurisdiction = \"500103006\"\nsources = [\"141-north\"]"),
        token("all", "reader", ""),
    ];
    let bench = Bench::with(tokens(&all.concat()), false).await;
    let case = bench.file("1", "lane-1", "500103005", 1).await;
    let mut tx = bench.desk.store.begin().await.unwrap();
    for id in ["in-a-case", "waiting"] {
        assert_eq!(tx.report_claim("141-north", id, "content", bench::NOW).await.unwrap(), ReportClaim::New);
    }
    let answered = ReportOf { source: "141-north".to_owned(), id: "in-a-case".to_owned(), case: case.id.to_string() };
    tx.reports_settled(&[answered]).await.unwrap();
    tx.commit().await.unwrap();
    for (word, of_case, waiting) in [
        ("141", 200, 200),
        ("gate", 404, 404),
        ("own", 200, 404),
        ("other", 404, 404),
        ("both", 200, 200),
        ("all", 200, 200),
    ] {
        for (id, status) in [("in-a-case", of_case), ("waiting", waiting), ("never", 404)] {
            let request = ask("GET", &format!("/api/v1/reports/141-north/{id}"));
            let request = request.header("authorization", format!("Bearer {word}"));
            let answer = bench.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status, status, "{word} of {id}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_token_lets_in_until_its_end_and_a_stream_ends_with_it() {
    use muster_domain::time::Span;
    use sha2::Digest as _;
    let hash: String = sha2::Sha256::digest("w").iter().map(|byte| format!("{byte:02x}")).collect();
    let end = muster_wire::rfc3339(bench::NOW + 2_000_000);
    let access =
        tokens(&format!("[[token]]\nname = \"w\"\nrole = \"reader\"\nexpires = \"{end}\"\nhash = \"{hash}\"\n"));
    let bench = Bench::with(access, false).await;
    let with = |path: &str| ask("GET", path).header("authorization", "Bearer w").body(Body::empty()).unwrap();
    assert_eq!(bench.send(with("/api/v1/cases")).await.status, 200);
    let clock = bench.desk.clock.clone();
    let stream = async {
        let whole = bench.send(with("/api/v1/stream")).await;
        assert_eq!(whole.status, 200, "and it ended by itself: {}", whole.text);
    };
    let end = async { clock.advance(Span::from_secs(2)) };
    tokio::join!(stream, end);
    let late = bench.send(with("/api/v1/cases")).await;
    assert_eq!((late.status, late.problem().as_str()), (401, "expired-token"));
}

#[tokio::test]
async fn who_remembers_no_number_of_ours_is_told_to_begin_anew() {
    let bench = Bench::new().await;
    for last in ["abc", "-1", "18446744073709551615", "7"] {
        let request = ask("GET", "/api/v1/stream").header("last-event-id", last).body(Body::empty()).unwrap();
        let mut body = bench.open(request).await.into_body().into_data_stream();
        let first = body.next().await.unwrap().unwrap();
        let first = String::from_utf8_lossy(&first);
        assert!(first.contains("event: resync") && first.contains("id: 0"), "{last}: {first}");
    }
}

#[tokio::test]
async fn streams_are_as_many_as_may_be() {
    let bench = Bench::new().await;
    let stream = async || bench.open(ask("GET", "/api/v1/stream").body(Body::empty()).unwrap()).await;
    let (first, second) = (stream().await, stream().await);
    assert_eq!((first.status(), second.status()), (200.try_into().unwrap(), 200.try_into().unwrap()));
    let third = bench.get("/api/v1/stream").await;
    assert_eq!((third.status, third.problem().as_str(), third.header("retry-after")), (503, "too-many-streams", "10"));
    drop(first);
    assert_eq!(stream().await.status(), 200, "whoever leaves makes room");
}

#[tokio::test]
async fn bodies_come_unpacked_and_say_their_length_once() {
    let bench = Bench::new().await;
    let post = |name: &str, value: &str| ask("POST", "/api/v1/media").header(name, value);
    let packed = bench.send(post("content-encoding", "gzip").body(Body::from("x")).unwrap()).await;
    assert_eq!((packed.status, packed.problem().as_str()), (415, "unsupported-encoding"));
    assert_eq!((packed.header("accept-encoding"), packed.header("x-content-type-options")), ("identity", "nosniff"));
    let plain = bench.send(post("content-encoding", "identity").body(Body::from("x")).unwrap()).await;
    assert_eq!(plain.problem(), "no-picture");
    let two = post("content-length", "1").header("transfer-encoding", "chunked");
    let two = bench.send(two.body(Body::from("x")).unwrap()).await;
    assert_eq!((two.status, two.problem().as_str(), two.header("connection")), (400, "two-lengths", "close"));
}

#[tokio::test]
async fn metrics_say_what_is_in_the_store() {
    let bench = Bench::new().await;
    bench.file("1", "lane-1", "500103005", 300).await;
    bench.file("2", "lane-2", "500103006", 1).await;
    let text = bench.get("/metrics").await.text;
    for line in [
        "muster_cases_open{kind=\"fire.lane.blocked\",state=\"filed\"} 2",
        "muster_clocks_overdue{stage=\"close\"} 1",
        "muster_clocks_overdue{stage=\"accept\"} 0",
        "muster_seats_unfilled{reason=\"waiting\"} 2",
        "muster_seats_unfilled{reason=\"no_route\"} 0",
        "muster_blind_places{class=\"fire_lane\"} 0",
        "muster_places{class=\"fire_lane\"} 2",
        "muster_log_partitions 2",
        "muster_ready{part=\"store\"} 1",
        "muster_ready{part=\"log\"} 1",
        "muster_ready{part=\"clock\"} 1",
        "muster_ready{part=\"configuration\"} 1",
        "muster_watch_interruptions_total{reason=\"overtaken\"} 0",
        "muster_outbox_pending 0",
        "muster_outbox_oldest_seconds 0",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
    }
    assert!(text.contains("muster_store_seconds_count{operation=\"measure\"}") && text.contains("muster_build_info"));
    let apart = Bench::with(Access::LocalOnly, true).await;
    assert_eq!(apart.get("/metrics").await.problem(), "not-found");
}

#[tokio::test]
async fn metrics_say_what_was_refused_and_what_is_not_ready() {
    let bench = Bench::new().await;
    let sender = Sender { adapter: AdapterName::parse("http").unwrap(), name: "gate".to_owned(), may: None };
    let body = bytes::Bytes::from(vec![b' '; (1 << 20) + 1]);
    let sent = Sent { sender: &sender, body: &body, headers: muster_pipeline::Headers::default(), origin: None };
    assert!(bench.desk.admit.events(sent, vec![]).await.is_err(), "it is more than fits in at once");
    bench.desk.log.close().await;
    let text = bench.get("/metrics").await.text;
    for line in ["muster_intake_refusals_total{reason=\"busy\"} 1", "muster_ready{part=\"log\"} 0"] {
        assert!(text.lines().any(|one| one == line), "{line} is not in\n{text}");
    }
    assert!(text.contains("muster_admit_seconds_count 0"), "a refusal is no acknowledgement:\n{text}");
}
