//! Marked secrets in every setting that may hold one, and every output searched for the marks.

use muster_tests::{Proxy, Server, eventually, skipped};
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::api::{Api, PATIENCE, send};
use crate::records::{RULES, STREET, blocked};
use crate::stage::{Stage, book};

/// What no output may hold.
const MARK: &str = "MARKED";

/// Where a browser or program may read.
const PATHS: [&str; 19] = [
    "/",
    "/cases",
    "/conditions",
    "/dead-letters",
    "/system",
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/asyncapi.json",
    "/nowhere",
    "/api/v1/cases",
    "/api/v1/cases?cursor=x",
    "/api/v1/conditions",
    "/api/v1/dead-letters",
    "/api/v1/doctor",
    "/api/v1/places",
    "/api/v1/system",
    "/f/x.y",
];

/// Everything that a browser or program may read, whatever it answers; all is asked at once, since some of it waits for
/// what is not there.
async fn everything(api: &Api, word: Option<&str>) -> String {
    let mut asked = JoinSet::new();
    for (path, accept) in PATHS.into_iter().flat_map(|path| [(path, "text/html"), (path, "*/*")]) {
        let mut request = api.request(Method::GET, path).header("accept", accept).timeout(PATIENCE);
        if let Some(word) = word {
            request = request.bearer_auth(word);
        }
        asked.spawn(async move {
            let answer = send(request).await.unwrap();
            format!("{path} {:?} {}\n", answer.headers, answer.text())
        });
    }
    asked.join_all().await.concat()
}

/// Answers the link of a seat as a telephone would; the cookie by which it is known from then on.
async fn accept(api: &Api, link: &str, cookie: Option<&str>) -> String {
    let part =
        |name: &str, value: &str| format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let form = [part("command", "accept"), part("name", "王"), "--x--\r\n".to_owned()].concat();
    let post = api.request(Method::POST, link).header("content-type", "multipart/form-data; boundary=x").body(form);
    let post = cookie.into_iter().fold(post, |post, cookie| post.header("cookie", format!("muster_field={cookie}")));
    let answer = send(post).await.unwrap();
    let (_, set) = answer.header("set-cookie").split_once("muster_field=").unwrap_or_default();
    set.split(';').next().unwrap_or_default().to_owned()
}

/// The lines that hold a mark.
fn marked(text: &str) -> Vec<&str> {
    text.lines().filter(|line| line.contains(MARK)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_and_no_link_is_in_any_word_of_a_server() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), STREET).await;
    let (operator, wrong) = ("MARKED-operator-token", "MARKED-wrong-token");
    let hash = super::hash(operator);
    let tokens = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(
        tokens.path(),
        format!("[[token]]\nname = \"desk\"\nrole = \"operator\"\nsources = [\"*\"]\nhash = \"{hash}\"\n"),
    )
    .unwrap();
    let mut command = stage.command(&["serve"]);
    command
        .env("MUSTER_AUTH__TOKENS_FILE", tokens.path())
        .env("RUST_LOG", "trace")
        .env("MUSTER_TRACE__FILTER", "trace");
    let server = Server::start(&mut command);
    let api = Api::new(server.url());
    let body = serde_json::to_vec(&blocked(1)).unwrap();
    let post = api.request(Method::POST, "/api/v1/observations").bearer_auth(operator);
    let sent = send(post.header("content-type", "application/cloudevents-batch+json").body(body)).await.unwrap();
    assert_eq!(sent.status, 202, "{}", sent.text());
    let found = async || {
        let cases = send(api.request(Method::GET, "/api/v1/cases").bearer_auth(operator)).await.unwrap().json();
        cases["items"][0]["seats"][0]["link"].as_str().map(str::to_owned)
    };
    let link = eventually("the link of a seat", PATIENCE, found).await;
    assert_eq!(send(api.request(Method::GET, &link)).await.unwrap().status, 200);
    let cookie = accept(&api, &link, None).await;
    assert!(cookie.len() >= 32, "the link is bound to a device: {cookie:?}");
    accept(&api, &link, Some(&cookie)).await;
    accept(&api, &link, Some("another-device")).await;
    let report = json!({ "source": "141", "id": "1", "kind": "fire.lane.blocked", "text": "车", "place": "lane-1",
        "reporter": { "name": "MARKED-name", "phone": "MARKED-phone" } });
    let post = api.request(Method::POST, "/api/v1/reports").bearer_auth(operator);
    let sent = send(post.header("content-type", "application/json").body(report.to_string())).await.unwrap();
    assert_eq!(sent.status, 202, "{}", sent.text());
    let mut all = everything(&api, Some(operator)).await;
    all.push_str(&everything(&api, Some(wrong)).await);
    all.push_str(&everything(&api, None).await);
    // what a stop says too
    let words = server.words();
    assert!(words.contains("TRACE") || words.contains("DEBUG"), "the log says everything: {words:.500}");
    assert_eq!(marked(&all), [""; 0]);
    assert_eq!(marked(&words), [""; 0], "in the log");
    let signature = link.rsplit('.').next().unwrap();
    let told: Vec<_> = words.lines().filter(|line| line.contains(signature) || line.contains(&cookie)).collect();
    assert_eq!(told, [""; 0], "the link, or the cookie of its device, in the log");
    assert!(!words.contains(&hash), "the hash in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_shown_or_said_whatever_goes_wrong() {
    let file = |text: &str| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    };
    let key = file("MARKED-key-pem");
    // nobody listens on port 1, so everything that is said of a failure is said
    for url in [
        "postgres://muster:MARKED-password@127.0.0.1:1/muster",
        "postgres://muster:MARKED?password@127.0.0.1:1/muster",
        "postgres://muster:MARKED@password@127.0.0.1:1/muster?sslmode=disable",
        "postgres://muster@127.0.0.1:1/muster?password=MARKED-password",
        "postgres://muster:MARKED-password@127.0.0.1:port/muster",
        "postgres://muster:MARKED/password@127.0.0.1:1/muster",
        "mysql://muster:MARKED-password@127.0.0.1:1/muster",
    ] {
        for arguments in [&["serve", "--print-config"][..], &["serve"], &["migrate"], &["dlq", "list"], &["doctor"]] {
            let stage = Stage::embedded();
            let mut command = stage.command(arguments);
            command
                .env("MUSTER_STORE__URL", url)
                .env("MUSTER_LOG__URL", "kafka://127.0.0.1:1")
                .env("MUSTER_LOG__KAFKA__SASL_USERNAME", "muster")
                .env("MUSTER_LOG__KAFKA__SASL_PASSWORD", "MARKED-sasl")
                .env("MUSTER_LOG__KAFKA__SASL_MECHANISM", "PLAIN")
                .env("MUSTER_LOG__KAFKA__SECURITY_PROTOCOL", "MARKED_nonsense")
                .env("MUSTER_LOG__KAFKA__SSL_KEY_PEM_FILE", key.path())
                .env("MUSTER_LOG__KAFKA__SSL_KEY_PASSWORD", "MARKED-ssl")
                .env("RUST_LOG", "trace");
            let output = tokio::process::Command::from(command).kill_on_drop(true).output();
            let Ok(output) = tokio::time::timeout(PATIENCE, output).await else { panic!("{arguments:?} hangs") };
            let output = output.unwrap();
            let said =
                [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
            // the protocol is no secret: it is there so that the client has something to complain about
            let said = said.replace("MARKED_nonsense", "");
            assert_eq!(marked(&said), [""; 0], "{arguments:?} with {url}");
        }
    }
}

/// A running server with everything outside it, whose database then goes: all that is said of that is said.
#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_in_any_word_of_a_server_whose_database_goes() {
    let Some(stage) = Stage::kafka() else { return };
    let url = stage.database().url();
    let proxy = Proxy::before(&stage.database().address()).await.unwrap();
    let (who, rest) = url.split_once('@').unwrap();
    let (_, name) = rest.split_once('/').unwrap();
    if who.matches(':').count() > 1 {
        return skipped("a PostgreSQL that asks for no password, as the test command starts it");
    }
    stage.adopt(&book(RULES), STREET).await;
    let mut command = stage.command(&["serve"]);
    command
        .env("MUSTER_STORE__URL", format!("{who}:MARKED-password@{}/{name}", proxy.address()))
        .env("MUSTER_LOG__KAFKA__SASL_USERNAME", "muster")
        .env("MUSTER_LOG__KAFKA__SASL_PASSWORD", "MARKED-sasl")
        .env("RUST_LOG", "trace")
        .env("MUSTER_TRACE__FILTER", "trace");
    let server = Server::start(&mut command);
    let api = Api::new(server.url());
    api.observe(&blocked(1)).await;
    let found = async || api.list("/api/v1/cases").await.pop();
    eventually("a case", PATIENCE, found).await;
    let mut all = everything(&api, None).await;
    drop(proxy);
    let gone = async || (api.get("/readyz").await.status == 503).then_some(());
    eventually("readiness to say that the database is gone", PATIENCE, gone).await;
    all.push_str(&everything(&api, None).await);
    assert!(all.contains(" 503 ") && all.contains(" 200 "), "{all:.500}");
    assert_eq!(marked(&all), [""; 0]);
    let words = server.words();
    assert!(words.contains("TRACE") || words.contains("DEBUG"), "the log says everything: {words:.500}");
    assert_eq!(marked(&words), [""; 0], "in the log");
}
