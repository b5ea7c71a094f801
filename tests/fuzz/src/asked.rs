//! What people ask for: commands as JSON and as forms, and the links of the field page.

use std::sync::LazyLock;

use muster_console::http::Sent;
use muster_domain::id::SeatId;
use muster_domain::time::Filed;
use muster_pipeline::desk::LinkSecret;

/// 2026-11-24.
const NOW: i64 = 1_795_509_974_000_000;

fn meant(sent: &Sent) {
    assert!(sent.words().is_none_or(|words| !words.is_empty() && words.chars().count() <= 1_000));
    if let Err(problem) = sent.command(Filed::from_micros(NOW)) {
        assert_eq!(problem.status(), 400);
        let json = problem.json();
        assert!(json.len() <= 1_000 && json.contains("\"pointer\":\"/"), "{json:.300}");
    }
}

pub(crate) fn command(data: &[u8]) {
    match Sent::json(data) {
        Ok(sent) => meant(&sent),
        Err(problem) => {
            let json = problem.json();
            assert!(problem.status() == 400 && json.len() <= 8_000, "{} bytes: {json:.300}", json.len());
        }
    }
}

pub(crate) fn form(data: &[u8]) {
    if let Ok(sent) = serde_urlencoded::from_bytes::<Sent>(data) {
        meant(&sent);
    }
}

static SECRET: LazyLock<LinkSecret> = LazyLock::new(|| LinkSecret::from([7; 32]));

/// No text is a link but the very one that was made for its seat.
pub(crate) fn link(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Some(seat) = SECRET.seat(&text) {
        assert_eq!(SECRET.token(&seat).as_deref(), Some(&*text));
    }
    // Three bytes say how a true link is bent: where, and into which byte.
    let [at, into, which, ..] = data else { return };
    let seat = SeatId::parse(&format!("seat_{which:032x}")).unwrap();
    let token = SECRET.token(&seat).unwrap();
    assert_eq!(SECRET.seat(&token), Some(seat));
    let mut bent = token.clone().into_bytes();
    let at = usize::from(*at) % (bent.len() + 1);
    match bent.get_mut(at) {
        Some(byte) => *byte = *into,
        None => bent.push(*into),
    }
    if bent != token.as_bytes() {
        assert_eq!(SECRET.seat(&String::from_utf8_lossy(&bent)), None, "{token} bent at {at}");
    }
}
