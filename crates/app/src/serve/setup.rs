//! What the doctor needs to know of the settings and of the files they name.

use muster_console::http::Access;
use muster_pipeline::doctor::{Doctor, RulesFolder, Setup, SetupOf, TokensFile};

use super::intake::Foreign;
use super::parts::{log_settings, rules_of, store_settings};
use crate::settings::Settings;

/// The doctor of a process with these settings.
pub(crate) fn doctor(settings: &Settings, foreign: &Foreign) -> Doctor {
    let (log, store) = (log_settings(settings, foreign), store_settings(settings));
    let settings = settings.clone();
    Doctor { log, store, setup: SetupOf::by(move || setup(&settings)) }
}

fn setup(settings: &Settings) -> Setup {
    let tokens = Some(settings.auth.tokens_file.clone()).filter(|path| !path.as_os_str().is_empty());
    let rules = Some(settings.rules.dir.clone()).filter(|path| !path.as_os_str().is_empty());
    Setup {
        listens: [Some(settings.http.listen), settings.http.metrics_listen].into_iter().flatten().collect(),
        tokens: tokens.map(|path| TokensFile {
            trouble: Access::tokens(&path).err().map(|error| muster_pipeline::chain(&error)),
            exposed: is_exposed(&path),
            path,
        }),
        rules: rules
            .map(|path| RulesFolder { files: rules_of(&[&path]).map_err(|failure| failure.words().to_owned()), path }),
        store_connections: settings.store.max_connections,
    }
}

/// Whether users other than its owner and group may read a file.
fn is_exposed(path: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|found| found.mode() & 0o004 != 0)
}
