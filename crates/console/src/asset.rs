//! Style sheets, scripts and the icon: built in, named by their content so that they can be kept for ever.

/// A file that pages refer to.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    stem: &'static str,
    end: &'static str,
    /// What it is, for `Content-Type`.
    pub media_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
    hash: u64,
}

impl Asset {
    const fn new(stem: &'static str, end: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Self {
        Self { stem, end, media_type, bytes, hash: fnv1a(bytes) }
    }

    /// The file's name, with its content's hash in it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}.{:016x}.{}", self.stem, self.hash, self.end)
    }

    /// The path under which it is served.
    #[must_use]
    pub fn path(&self) -> String {
        format!("/assets/{}", self.name())
    }
}

/// Colours, type and the map: every page.
pub const TOKENS_CSS: Asset =
    Asset::new("tokens", "css", "text/css; charset=utf-8", include_bytes!("../assets/tokens.css"));
/// The console's pages.
pub const APP_CSS: Asset = Asset::new("app", "css", "text/css; charset=utf-8", include_bytes!("../assets/app.css"));
/// The console's script, with the times that every script has.
pub const APP_JS: Asset = Asset::new(
    "app",
    "js",
    "text/javascript; charset=utf-8",
    concat!(include_str!("../assets/time.js"), include_str!("../assets/app.js")).as_bytes(),
);
/// The field page.
pub const FIELD_CSS: Asset =
    Asset::new("field", "css", "text/css; charset=utf-8", include_bytes!("../assets/field.css"));
/// The field page's script.
pub const FIELD_JS: Asset = Asset::new(
    "field",
    "js",
    "text/javascript; charset=utf-8",
    concat!(include_str!("../assets/time.js"), include_str!("../assets/field.js")).as_bytes(),
);
/// What keeps the field page on the device. Its address is no asset's: a worker serves what lies below it.
pub const FIELD_WORKER: Asset =
    Asset::new("worker", "js", "text/javascript; charset=utf-8", include_bytes!("../assets/worker.js"));
/// The icon.
pub const ICON: Asset = Asset::new("icon", "svg", "image/svg+xml", include_bytes!("../assets/icon.svg"));

/// Every file that is named by its content.
pub const ALL: [Asset; 6] = [TOKENS_CSS, APP_CSS, APP_JS, FIELD_CSS, FIELD_JS, ICON];

/// The file of a name.
#[must_use]
pub fn find(name: &str) -> Option<Asset> {
    ALL.into_iter().find(|asset| asset.name() == name)
}

/// FNV-1a, 64 bits: enough to tell one release's file from another's.
const fn fnv1a(bytes: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_content_and_are_found() {
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        for asset in ALL {
            assert_eq!(find(&asset.name()).unwrap().bytes, asset.bytes);
        }
        assert!(find("../Cargo.toml").is_none());
    }

    #[test]
    fn the_board_s_script_stays_small() {
        assert!(APP_JS.bytes.len() < 14 * 1024, "{} bytes", APP_JS.bytes.len());
    }
}
