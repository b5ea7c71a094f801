//! A headless browser: what a page looks like, what it holds and what it complains about.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::need;

/// A browser without a window; every visit has a profile of its own.
#[derive(Debug, Clone)]
pub struct Browser {
    program: PathBuf,
}

/// How a page is looked at.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// What the reader prefers.
    pub theme: Theme,
    /// `Accept-Language`, such as `zh-CN` or `en`.
    pub language: &'static str,
    /// How long scripts may run, in milliseconds of the page's own time.
    pub settle: u32,
}

impl Default for View {
    fn default() -> Self {
        Self { width: 1440, height: 900, theme: Theme::Light, language: "zh-CN", settle: 3000 }
    }
}

/// A reader's colour scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// What was found on a page.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The document after its scripts have run.
    pub dom: String,
    /// What was written to the console, a line each.
    pub console: Vec<String>,
}

/// What keeps a browser to the page: no first-run work, no calls home, no second network protocol.
pub(crate) const QUIET: [&str; 12] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--enable-logging=stderr",
];

impl Browser {
    /// The browser of `MUSTER_TEST_CHROMIUM`; `None` means skipped, see [`need`].
    #[must_use]
    pub fn find() -> Option<Self> {
        Some(Self { program: need("MUSTER_TEST_CHROMIUM", "Chromium")?.into() })
    }

    /// Where its program is.
    pub(crate) fn program(&self) -> &Path {
        &self.program
    }

    /// Opens a page and reads it.
    ///
    /// # Panics
    ///
    /// When the browser fails.
    #[must_use]
    pub fn visit(&self, url: &str, view: View) -> Visit {
        let output = self.run(view, &["--dump-dom", url]);
        let log = String::from_utf8_lossy(&output.stderr);
        let console = log.lines().filter_map(console_line).collect();
        Visit { dom: String::from_utf8_lossy(&output.stdout).into_owned(), console }
    }

    /// Opens a page and writes what is seen of it to a PNG file.
    ///
    /// # Panics
    ///
    /// When the browser fails or writes nothing.
    pub fn screenshot(&self, url: &str, view: View, to: &Path) {
        let output = self.run(view, &[&format!("--screenshot={}", to.display()), url]);
        assert!(to.is_file(), "no picture of {url}:\n{}", String::from_utf8_lossy(&output.stderr));
    }

    fn run(&self, view: View, arguments: &[&str]) -> Output {
        let profile = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder for a profile: {error}"));
        let scheme = if view.theme == Theme::Dark { 0 } else { 1 };
        let output = Command::new(&self.program)
            .args(QUIET)
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--window-size={},{}", view.width, view.height))
            .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
            .arg(format!("--lang={0}", view.language))
            .arg(format!("--accept-lang={0}", view.language))
            .arg(format!("--virtual-time-budget={}", view.settle))
            .args(arguments)
            .output()
            .unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        output
    }
}

/// The words of a console message in the browser's log: `[…:INFO:CONSOLE:12] "words", source: … (12)`.
fn console_line(line: &str) -> Option<String> {
    let (_, rest) = line.split_once(":CONSOLE")?;
    let (_, words) = rest.split_once("] ")?;
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><title>点兵</title>
<style>@media (prefers-color-scheme: dark) { body { background: black } }</style>
<p id="here">空</p><script>
document.getElementById("here").textContent =
  navigator.language + " " + innerWidth + " " + matchMedia("(prefers-color-scheme: dark)").matches;
console.error("the lamp is broken");
</script>"#;

    #[test]
    fn a_visit_reads_the_page_after_its_scripts_and_hears_its_console() {
        let Some(browser) = Browser::find() else { return };
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.html");
        std::fs::write(&page, PAGE).unwrap();
        let url = format!("file://{}", page.display());
        let view = View { theme: Theme::Dark, language: "en", width: 800, ..View::default() };
        let visit = browser.visit(&url, view);
        assert!(visit.dom.contains("en 800 true"), "{}", visit.dom);
        assert!(visit.console.iter().any(|line| line.contains("the lamp is broken")), "{:?}", visit.console);
        let picture = folder.path().join("page.png");
        browser.screenshot(&url, View::default(), &picture);
        assert!(std::fs::read(&picture).unwrap().starts_with(b"\x89PNG"));
    }

    #[test]
    fn console_messages_are_told_from_the_browsers_own() {
        let line = r#"[12:12:1124/040000.1:INFO:CONSOLE:3] "lost", source: http://127.0.0.1/ (3)"#;
        assert_eq!(console_line(line).unwrap(), r#""lost", source: http://127.0.0.1/ (3)"#);
        assert_eq!(console_line("[12:12:ERROR:dbus/bus.cc:408] Failed to connect to the bus"), None);
    }
}
