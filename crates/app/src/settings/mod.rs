//! Settings: the embedded default, then a file, then the environment, then flags; checked once, into types.

mod merge;
mod types;

use std::collections::HashMap;
use std::path::Path;

pub(crate) use merge::SettingsError;
pub(crate) use types::Settings;

/// Every setting with its default and what it means; also what `--print-config` starts from.
pub(crate) const DEFAULT: &str = include_str!("default.toml");

/// The variable that names the file of the token with which commands speak to a server; no setting.
pub(crate) const TOKEN_FILE: &str = "MUSTER_TOKEN_FILE";

/// Variables of the environment, passed in so that tests need not change the real one.
pub(crate) type Environment = Vec<(String, String)>;

/// The settings that the sources come to.
pub(crate) fn load(
    file: Option<&Path>,
    environment: &Environment,
    flags: &[(&str, String)],
) -> Result<Settings, SettingsError> {
    let Some(path) = file else { return read(None, environment, flags) };
    let text =
        std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    read(Some((path, &text)), environment, flags)
}

/// The same with the text of the file.
pub(crate) fn read(
    file: Option<(&Path, &str)>,
    environment: &Environment,
    flags: &[(&str, String)],
) -> Result<Settings, SettingsError> {
    let (mut table, mut unknown) = (merge::default_table()?, Vec::new());
    if let Some((path, text)) = file {
        merge::merge_file(&mut table, path, text, &mut unknown)?;
    }
    merge::merge_environment(&mut table, environment, &mut unknown)?;
    if !unknown.is_empty() {
        return Err(SettingsError::Unknown(unknown));
    }
    for (path, value) in flags {
        merge::set(&mut table, path, value, &format!("flag for {path}"))?;
    }
    Settings::from_table(table)
}

/// The settings as TOML, each under the words that say what it means, with everything hidden that may be a secret.
pub(crate) fn print(settings: &Settings) -> String {
    let (mut notes, mut note, mut head) = (HashMap::new(), String::new(), String::new());
    for (place, line) in placed(DEFAULT) {
        if line.starts_with('#') {
            note.push_str(line);
            note.push('\n');
        } else if line.is_empty() {
            // Only the words about the whole file stand by themselves.
            head.push_str(&std::mem::take(&mut note));
        } else {
            notes.insert(place, std::mem::take(&mut note));
        }
    }
    let shown = settings.to_toml_without_secrets();
    placed(&shown).fold(head + "\n", |mut text, (place, line)| {
        text.push_str(notes.get(&place).map_or("", String::as_str));
        text + line + "\n"
    })
}

/// The lines of a TOML file, each with its table and its key.
fn placed(text: &str) -> impl Iterator<Item = ((&str, &str), &str)> {
    let mut table = "";
    text.lines().map(move |line| {
        if line.starts_with('[') {
            table = line;
        }
        ((table, line.split_once(" = ").map_or(line, |(key, _)| key)), line)
    })
}

#[cfg(test)]
mod tests {
    use muster_pipeline::roles::Role;

    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn file_then_environment_then_flag() {
        let file = file("data_dir = \"a\"\n[http]\nlisten = \"127.0.0.1:1\"\n");
        let env = environment(&[("MUSTER_HTTP__LISTEN", "127.0.0.1:2"), ("OTHER", "x")]);
        let settings = load(Some(file.path()), &env, &[("http.listen", "127.0.0.1:3".into())]).unwrap();
        assert_eq!(settings.http.listen, "127.0.0.1:3".parse().unwrap());
        assert_eq!(settings.data_dir, Path::new("a"));
        let settings = load(Some(file.path()), &env, &[]).unwrap();
        assert_eq!(settings.http.listen, "127.0.0.1:2".parse().unwrap());
    }

    #[test]
    fn every_unknown_setting_is_named_with_its_line() {
        let file = file("data_dir = \"a\"\n\n[http]\nlissen = \"x\"\n[stor]\nurl = \"x\"\n");
        let wrong = environment(&[("MUSTER_LOGG__URL", "x")]);
        let error = load(Some(file.path()), &wrong, &[]).unwrap_err().to_string();
        for part in [":4:1:", "http.lissen", ":5:2:", "there is no setting stor;", "MUSTER_LOGG__URL"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        let error = load(None, &environment(&[("MUSTER_HTTP__LISSEN", "x")]), &[]).unwrap_err().to_string();
        assert!(error.contains("MUSTER_HTTP__LISSEN"), "{error}");
    }

    #[test]
    fn a_wrong_type_is_named_with_its_line() {
        let file = file("[log]\npartitions = \"many\"\n");
        let error = load(Some(file.path()), &vec![], &[]).unwrap_err().to_string();
        assert!(error.contains(":2:") && error.contains("log.partitions"), "{error}");
        let error = load(None, &environment(&[("MUSTER_LOG__PARTITIONS", "many")]), &[]).unwrap_err().to_string();
        assert!(error.contains("whole number"), "{error}");
    }

    #[test]
    fn pairs_that_do_not_go_together_are_refused() {
        let env = environment(&[("MUSTER_LOG__URL", "kafka://127.0.0.1:9092")]);
        let error = load(None, &env, &[]).unwrap_err().to_string();
        assert!(error.contains("PostgreSQL"), "{error}");
    }

    #[test]
    fn there_is_room_for_whatever_may_be_sent_at_once() {
        let with = |mib| load(None, &environment(&[("MUSTER_INTAKE__IN_FLIGHT_MIB", mib)]), &[]);
        for few in ["0", "1", "7"] {
            let few = with(few).unwrap_err().to_string();
            assert!(few.contains("intake.in_flight_mib") && few.contains("8 or more"), "{few}");
        }
        assert_eq!(with("8").unwrap().intake.in_flight_mib, 8);
    }

    #[test]
    fn secrets_come_from_files_and_are_not_shown() {
        let secret = file("postgres://muster:MARK-secret@db/muster\n");
        let env = environment(&[
            ("MUSTER_STORE__URL_FILE", secret.path().to_str().unwrap()),
            ("MUSTER_LOG__URL", "kafka://127.0.0.1:9092"),
            ("MUSTER_LOG__KAFKA__SASL_PASSWORD", "MARK-too"),
        ]);
        let settings = load(None, &env, &[]).unwrap();
        assert!(settings.store.url.contains("MARK-secret"));
        assert_eq!(settings.log.kafka.get("sasl.password").map(String::as_str), Some("MARK-too"));
        assert!(!print(&settings).contains("MARK"), "{}", print(&settings));
    }

    #[test]
    fn what_is_printed_says_what_each_setting_means_and_reads_back() {
        let settings = load(None, &environment(&[("MUSTER_DATA_DIR", "d")]), &[]).unwrap();
        let text = print(&settings);
        let skew = "# A time further ahead of ours than this is replaced by the time of receipt.\nskew = ";
        assert!(text.contains(skew), "{text}");
        assert!(text.starts_with("# Every setting of Muster"), "{text}");
        let told = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
        assert_eq!(told(&text), told(DEFAULT), "{text}");
        assert_eq!(read(Some((Path::new("printed"), &text)), &vec![], &[]).unwrap().data_dir, Path::new("d"));
    }

    #[test]
    fn lists_are_written_with_commas() {
        let settings = load(None, &environment(&[("MUSTER_ROLES", "tick, watch,publish,console,admit")]), &[]).unwrap();
        assert_eq!(settings.roles[..2], [Role::Tick, Role::Watch]);
        for few in ["admit", "admit,admit,admit,admit,admit"] {
            let few = load(None, &environment(&[("MUSTER_ROLES", few)]), &[]).unwrap_err().to_string();
            assert!(few.contains("one process"), "{few}");
        }
        assert!(load(None, &environment(&[("MUSTER_ROLES", "cook")]), &[]).is_err());
    }
}
