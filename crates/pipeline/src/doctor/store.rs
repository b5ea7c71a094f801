//! Judging the database.

use muster_domain::text::Words;
use muster_log::Topic;
use muster_log::inspect::Inspection;
use muster_store::{StoreError, StoreProfile};

use super::codes::Code;
use super::facts::{Facts, StoreFacts, StoreSeen};
use super::finding::{Finding, plain};

pub(super) fn judge(facts: &Facts) -> Vec<Finding> {
    if facts.orphaned {
        return vec![lost(facts)];
    }
    match &facts.store {
        StoreSeen::NotAsked => vec![],
        // The folder is told first.
        StoreSeen::Barred(_) if matches!(&facts.log, Ok(Inspection::Folder(folder)) if folder.unwritable.is_some()) => {
            vec![]
        }
        StoreSeen::Barred(why) => vec![Finding::new(Code::DataFolderUnwritable).with(plain(why))],
        StoreSeen::NoFile(path) => {
            vec![Finding::new(Code::StoreMissing).with(plain(path.display().to_string())).run("muster migrate")]
        }
        StoreSeen::Closed(error) => vec![closed(error)],
        StoreSeen::Open(store) => judge_open(store, facts.setup.store_connections),
    }
}

/// To make a new database is what must not be done: whatever else is so of this one does not matter.
fn lost(facts: &Facts) -> Finding {
    let store = match &facts.store {
        StoreSeen::NoFile(path) => Some(path.display().to_string()),
        StoreSeen::Closed(error) => Some(crate::chain(error)),
        _ => None,
    };
    let log = Topic::Observation.name(&facts.wanted.topic_prefix);
    store.into_iter().chain([log]).fold(Finding::new(Code::StoreLost), |finding, about| finding.with(plain(about)))
}

/// Why the database cannot be used, or its schema is not this program's.
fn closed(error: &StoreError) -> Finding {
    let code = match error {
        StoreError::Unavailable { .. } | StoreError::FateUnknown { .. } => Code::StoreUnreachable,
        StoreError::Denied { .. } => Code::StoreDenies,
        StoreError::NoDatabase { .. } => Code::DatabaseMissing,
        StoreError::Newer { .. } => Code::SchemaNewer,
        StoreError::TooOld { what: "SQLite", .. } => Code::SqliteOld,
        StoreError::TooOld { what: "PostgreSQL", .. } => Code::PostgresOld,
        StoreError::TooOld { .. } => Code::SchemaOlder,
        StoreError::Corrupt { .. } => Code::StoreDamaged,
        StoreError::NotWal { .. } => Code::NotWal,
        _ => Code::StoreRefused,
    };
    let finding = Finding::new(code).with(plain(crate::chain(error)));
    if code == Code::SchemaOlder { finding.run("muster migrate") } else { finding }
}

fn judge_open(store: &StoreFacts, per_process: u32) -> Vec<Finding> {
    let mut findings: Vec<Finding> = store.schema.iter().map(closed).collect();
    findings.extend(store.damage.as_ref().map(|damage| Finding::new(Code::StoreDamaged).with(plain(damage))));
    let setting = |name: &str| store.settings.get(name).map(String::as_str);
    let off = |name: &str| setting(name) == Some("off");
    let alter = |name: &str| format!("psql -c \"alter system set {name} = on\" -c \"select pg_reload_conf()\"");
    match store.profile {
        StoreProfile::Sqlite => {
            let mode = setting("journal_mode").filter(|mode| *mode != "wal");
            findings.extend(mode.map(|mode| Finding::new(Code::NotWal).with(plain(format!("journal_mode={mode}")))));
        }
        StoreProfile::Postgres => {
            if setting("standby") == Some("on") {
                findings.push(Finding::new(Code::Standby));
            }
            let risky = muster_store::risky(&store.settings);
            let told = Finding::about(Code::FsyncOff, risky.iter().map(|name| plain(format!("{name}=off"))));
            findings.extend(told.map(|told| risky.iter().fold(told, |told, name| told.run(alter(name)))));
            if off("synchronous_commit") {
                findings.push(Finding::new(Code::SynchronousCommitOff).run(alter("synchronous_commit")));
            }
            let number = |name: &str| setting(name).and_then(|value| value.parse::<u32>().ok());
            if let (Some(most), Some(used)) = (number("max_connections"), number("connections")) {
                let kept = number("superuser_reserved_connections").unwrap_or(0);
                let left = most.saturating_sub(kept).saturating_sub(used);
                let said = Words::new(
                    format!("共 {most}，保留 {kept}，在用 {used}，剩 {left}；一个进程要 {per_process}"),
                    format!(
                        "{most} in all, {kept} reserved, {used} in use, {left} left; a process takes {per_process}"
                    ),
                );
                findings.extend((left < per_process).then(|| Finding::new(Code::FewConnections).with(said)));
            }
        }
    }
    findings.extend(
        store.apart.map(|apart| {
            Finding::new(Code::ClockApart).with(plain(format!("{apart:+.1} s"))).run("timedatectl status")
        }),
    );
    findings
}
