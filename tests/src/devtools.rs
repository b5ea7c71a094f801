//! One tab of a headless browser, driven over the DevTools protocol by two pipes: no port, no other program.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::chromium::{Browser, QUIET};
use crate::{Theme, View, until};

/// How long one answer of the browser may take; it bounds a failure, not a success.
const PATIENCE: Duration = Duration::from_secs(30);

/// A tab. It hears everything that its pages load, log and complain about.
#[derive(Debug)]
pub struct Tab {
    child: Child,
    into: ChildStdin,
    said: Receiver<Value>,
    session: String,
    /// The sessions of the service workers of its pages.
    workers: Vec<String>,
    asked: u64,
    heard: Vec<Value>,
    _profile: TempDir,
}

impl Tab {
    /// Opens an empty tab in a browser of its own.
    ///
    /// # Panics
    ///
    /// When the browser does not start.
    #[must_use]
    pub fn open(browser: &Browser, view: View) -> Self {
        let profile = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a profile: {error}"));
        // The browser reads file 3 and writes file 4: a shell puts our pipes there, since only it may name descriptors.
        let mut command = Command::new("sh");
        command.args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"]).arg(browser.program());
        command.args(QUIET).arg("--remote-debugging-pipe");
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = spawned.unwrap_or_else(|error| panic!("{}: {error}", browser.program().display()));
        let (Some(into), Some(from)) = (child.stdin.take(), child.stdout.take()) else { panic!("a pipe is missing") };
        let (tell, said) = sync_channel(4096);
        std::thread::spawn(move || {
            for message in BufReader::new(from).split(0).map_while(Result::ok) {
                let _ = serde_json::from_slice(&message).map(|message: Value| tell.send(message));
            }
        });
        let (session, workers, heard) = (String::new(), Vec::new(), Vec::new());
        let mut tab = Self { child, into, said, session, workers, asked: 0, heard, _profile: profile };
        tab.prepare(view);
        tab
    }

    fn prepare(&mut self, view: View) {
        let target = self.ask("Target.createTarget", &json!({"url": "about:blank"}))["targetId"].clone();
        let attached = self.ask("Target.attachToTarget", &json!({"targetId": target, "flatten": true}));
        self.session = attached["sessionId"].as_str().unwrap_or_default().to_owned();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            self.ask(&format!("{domain}.enable"), &json!({}));
        }
        let workers = json!({"autoAttach": true, "waitForDebuggerOnStart": false, "flatten": true});
        self.ask("Target.setAutoAttach", &workers);
        let View { width, height, .. } = view;
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.ask("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if view.theme == Theme::Dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.ask("Emulation.setEmulatedMedia", &features);
    }

    /// Shows pages as a printer would draw them.
    pub fn on_paper(&mut self) {
        self.ask("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    }

    /// Lets pages run no scripts of their own.
    pub fn without_scripts(&mut self) {
        self.ask("Emulation.setScriptExecutionDisabled", &json!({"value": true}));
    }

    /// Opens an address, and waits until it is loaded.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    pub fn go(&mut self, url: &str) {
        self.heard.clear();
        let answer = self.ask("Page.navigate", &json!({"url": url}));
        assert!(answer.get("errorText").is_none(), "{url}: {answer}");
        self.hear("Page.loadEventFired");
    }

    /// Loads the page again, and waits until it is loaded.
    pub fn reload(&mut self) {
        self.heard.clear();
        self.ask("Page.reload", &json!({}));
        self.hear("Page.loadEventFired");
    }

    /// Takes the signal away from the page and its service workers, or gives it back.
    pub fn signal(&mut self, there: bool) {
        let line = json!({"offline": !there, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        for session in [self.workers.as_slice(), std::slice::from_ref(&self.session)].concat() {
            // a worker may have ended meanwhile
            let _ = self.ask_of(&session, "Network.enable", &json!({}));
            let _ = self.ask_of(&session, "Network.emulateNetworkConditions", &line);
        }
    }

    /// The value of an expression on the page.
    ///
    /// # Panics
    ///
    /// When it throws.
    pub fn eval(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", &asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression holds. While a page gives way to another there is nothing to ask: then it is asked again.
    ///
    /// # Panics
    ///
    /// When it never does; the page's text is in the message.
    pub fn wait(&mut self, what: &str, expression: &str) {
        let begun = Instant::now();
        let holds = json!({"expression": format!("Boolean({expression})"), "returnByValue": true});
        until(what, PATIENCE * 2, || {
            let answer = self.try_ask("Runtime.evaluate", &holds).unwrap_or_default();
            let tired = begun.elapsed() > PATIENCE;
            assert!(!tired, "waited in vain: {what}\n{}", self.eval("document.body.innerText"));
            (answer["result"]["value"] == true).then_some(())
        });
    }

    /// Presses a key, such as `j` or `Enter`.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            _ => 0,
        };
        let text = if key == "Enter" { "\r" } else { key };
        let mut down = json!({"type": "keyDown", "key": key, "windowsVirtualKeyCode": code});
        if key.chars().count() == 1 || key == "Enter" {
            down["text"] = json!(text);
        }
        self.ask("Input.dispatchKeyEvent", &down);
        self.ask("Input.dispatchKeyEvent", &json!({"type": "keyUp", "key": key, "windowsVirtualKeyCode": code}));
    }

    /// Puts a file into the file input that a selector names.
    pub fn choose(&mut self, selector: &str, file: &Path) {
        let root = self.ask("DOM.getDocument", &json!({}))["root"]["nodeId"].clone();
        let node = self.ask("DOM.querySelector", &json!({"nodeId": root, "selector": selector}))["nodeId"].clone();
        self.ask("DOM.setFileInputFiles", &json!({"files": [file], "nodeId": node}));
    }

    /// A picture of what is seen, as base64 of a PNG.
    pub fn picture(&mut self) -> String {
        self.ask("Page.captureScreenshot", &json!({}))["data"].as_str().unwrap_or_default().to_owned()
    }

    /// What was logged as an error or warning (a breach of the content policy is one), what was thrown, and every
    /// request that left for another host.
    pub fn troubles(&self, origin: &str) -> Vec<String> {
        self.heard.iter().filter_map(|event| trouble(event, origin)).collect()
    }

    /// How many bytes came over the line since the last address was opened.
    pub fn bytes(&self) -> u64 {
        let finished = self.heard.iter().filter(|event| event["method"] == "Network.loadingFinished");
        finished.filter_map(|event| event["params"]["encodedDataLength"].as_f64()).map(|bytes| bytes as u64).sum()
    }

    fn hear(&mut self, event: &str) {
        while !self.heard.iter().any(|heard| heard["method"] == event) {
            let message = self.said.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("no {event}: {error}"));
            self.note(message);
        }
    }

    fn note(&mut self, event: Value) {
        let params = &event["params"];
        if event["method"] == "Target.attachedToTarget" && params["targetInfo"]["type"] == "service_worker" {
            self.workers.extend(params["sessionId"].as_str().map(str::to_owned));
        }
        self.heard.push(event);
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.try_ask(method, params).unwrap_or_else(|error| panic!("{method} {params}: {error}"))
    }

    fn try_ask(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        let session = self.session.clone();
        self.ask_of(&session, method, params)
    }

    fn ask_of(&mut self, session: &str, method: &str, params: &Value) -> Result<Value, Value> {
        self.asked += 1;
        let mut message = json!({"id": self.asked, "method": method, "params": params});
        if !session.is_empty() {
            message["sessionId"] = json!(session);
        }
        let sent = self.into.write_all(format!("{message}\0").as_bytes()).and_then(|()| self.into.flush());
        sent.unwrap_or_else(|error| panic!("the browser is gone: {error}"));
        loop {
            let answer = self.said.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if answer["id"] == self.asked {
                return answer.get("error").map_or_else(|| Ok(answer["result"].clone()), |error| Err(error.clone()));
            }
            self.note(answer);
        }
    }
}

impl Drop for Tab {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn trouble(event: &Value, origin: &str) -> Option<String> {
    let params = &event["params"];
    let text = match event["method"].as_str()? {
        "Runtime.exceptionThrown" => params["exceptionDetails"].to_string(),
        "Runtime.consoleAPICalled" if matches!(params["type"].as_str(), Some("error" | "warning")) => {
            params["args"].to_string()
        }
        "Log.entryAdded" => format!("{} {}", params["entry"]["text"], params["entry"]["url"]),
        "Network.requestWillBeSent" => {
            let url = params["request"]["url"].as_str()?;
            let own = [origin, "data:", "blob:"].iter().any(|own| url.starts_with(own));
            (!own).then(|| format!("left for {url}"))?
        }
        _ => return None,
    };
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tab_is_seen_asked_and_pressed() {
        let Some(browser) = Browser::find() else { return };
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        let script = "addEventListener('keydown', (e) => { document.title += e.key }); console.error('broken')";
        std::fs::write(&page, format!("<!doctype html><title>k</title><script>{script}</script>")).unwrap();
        let mut tab = Tab::open(&browser, View { theme: Theme::Dark, width: 375, ..View::default() });
        tab.go(&format!("file://{}", page.display()));
        tab.press("j");
        tab.press("Enter");
        tab.wait("both keys", "document.title === 'kjEnter'");
        assert_eq!(tab.eval("matchMedia('(prefers-color-scheme: dark)').matches"), true);
        assert!(tab.troubles("file:").iter().any(|trouble| trouble.contains("broken")));
        assert!(tab.troubles("http:").iter().any(|trouble| trouble.starts_with("left for file:")));
    }
}
