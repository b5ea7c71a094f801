//! Which test brings each finding about with the real program; and which none can, and why.

use std::collections::BTreeSet;

use muster_pipeline::doctor::Code;

const BACKUP: &str = include_str!("../backup.rs");
const CATALOGUE: &str = include_str!("catalogue.rs");
const DAMAGE: &str = include_str!("damage.rs");
const EMBEDDED: &str = include_str!("embedded.rs");
const SERVERS: &str = include_str!("servers.rs");
const SHARED: &str = include_str!("shared.rs");
const STREET: &str = include_str!("street.rs");

/// A file of tests, a test in it, and the codes of what it brings about.
const BROUGHT_ABOUT: &[(&str, &str, &[&str])] = &[
    (
        EMBEDDED,
        "settings_that_cannot_be_used_are_the_first_thing_told",
        &["unknown-setting", "log-and-store-no-pair", "settings-refused"],
    ),
    (
        EMBEDDED,
        "who_may_come_in_is_looked_at",
        &["listens-without-tokens", "tokens-file-unusable", "tokens-file-exposed"],
    ),
    (
        EMBEDDED,
        "before_the_first_start_nothing_is_made",
        &["data-folder-missing", "data-folder-not-writable", "store-missing"],
    ),
    (
        EMBEDDED,
        "a_well_server_is_told_so_in_words_and_a_stopped_one_is_not",
        &["data-folder-locked", "nothing-watches"],
    ),
    (BACKUP, "a_restore_that_was_broken_off_is_done_again_and_meanwhile_nobody_works", &["restore-unfinished"]),
    (
        EMBEDDED,
        "a_log_that_does_not_fit_is_named",
        &["disk-full", "disk-nearly-full", "day-file-unreadable", "log-made-otherwise", "log-settings-refused"],
    ),
    (DAMAGE, "a_day_that_is_damaged_in_the_middle_is_found_and_nobody_is_ready_to_watch_it", &["watch-failing"]),
    (DAMAGE, "a_database_file_that_is_gone_is_missed_and_not_made_anew", &["store-lost"]),
    (EMBEDDED, "a_log_put_in_place_of_another_is_seen", &["log-replaced", "log-behind"]),
    (
        EMBEDDED,
        "a_database_file_that_is_none_or_on_a_disk_that_is_not_ours_alone_is_named",
        &["sqlite-not-wal", "store-damaged"],
    ),
    (EMBEDDED, "a_time_of_day_that_was_set_under_a_running_process_is_seen", &["clock-set"]),
    (EMBEDDED, "nothing_adopted_and_nothing_migrated_are_told_apart", &["schema-older", "no-rule-book"]),
    (
        EMBEDDED,
        "dead_letters_and_skipped_records_are_counted",
        &["dead-letters-open", "records-skipped", "outbox-stuck"],
    ),
    (SHARED, "who_does_not_answer_is_named", &["server-silent", "broker-unreachable", "store-unreachable"]),
    (SHARED, "a_well_server_is_seen_from_inside_and_outside", &["single-copy"]),
    (SHARED, "topics_are_missing_before_the_first_start_and_are_not_made", &["topic-missing", "broker-denies"]),
    (
        SHARED,
        "topics_that_somebody_changed_are_named_with_the_change_to_make",
        &["partition-count-differs", "min-insync-high", "retention-short", "topic-compacted", "message-size-small"],
    ),
    (
        SHARED,
        "the_database_is_looked_at",
        &[
            "database-missing",
            "synchronous-commit-off",
            "max-connections-small",
            "store-denies",
            "store-refused",
            "clock-apart",
            "schema-newer",
        ],
    ),
    (SHARED, "processes_that_fight_or_are_gone_are_seen", &["partition-not-held", "lease-fight", "role-missing"]),
    (
        SHARED,
        "checkpoints_that_are_old_or_damaged_and_a_log_that_ends_too_early_are_seen",
        &["checkpoint-old", "checkpoint-damaged"],
    ),
    (SHARED, "what_waits_long_in_the_log_or_is_deleted_unwatched_is_seen", &["watch-lags", "log-begins-late"]),
    (
        SERVERS,
        "a_database_that_is_careless_or_can_only_be_read_is_named",
        &["postgresql-fsync-off", "postgresql-standby"],
    ),
    (
        SERVERS,
        "copies_that_are_missing_and_a_broker_that_is_gone_are_seen",
        &["few-copies", "min-insync-low", "partitions-leaderless", "partitions-under-replicated"],
    ),
    (
        CATALOGUE,
        "gaps_of_rule_book_and_catalogue_are_named",
        &[
            "rules-not-live",
            "kind-without-route",
            "place-without-device",
            "place-of-unknown-class",
            "device-without-place",
            "catalogue-dangling",
            "competence-without-unit",
            "place-without-unit",
            "no-coordination-post",
            "catalogue-empty",
        ],
    ),
    (
        CATALOGUE,
        "the_rule_book_on_the_disk_is_compared_with_the_one_that_holds",
        &["rules-folder-unreadable", "rule-book-differs", "rule-book-refused"],
    ),
    (
        CATALOGUE,
        "a_version_that_was_not_announced_or_is_for_another_program_is_told",
        &["configuration-not-ready", "unit-without-competence", "adopted-configuration-unreadable"],
    ),
    (
        STREET,
        "what_is_not_seen_not_answered_and_not_told_is_named",
        &["places-blind", "devices-blind", "seats-unfilled", "clocks-overdue", "outbox-waits", "adapter-silent"],
    ),
];

/// Codes that the real program cannot be brought to say, each with the reason. The judgement alone is tried, with facts
/// made up for it, in `crates/pipeline/src/doctor/tests.rs`.
const NOT_BROUGHT_ABOUT: &[(&str, &str)] = &[
    ("sqlite-too-old", "SQLite is built into the program, in a version that is new enough"),
    ("postgresql-too-old", "it takes a server from before 15, which no machine that runs the tests has any more"),
];

/// The text of a test, which must be there.
fn body<'a>(file: &'a str, test: &str) -> &'a str {
    let (_, rest) = file.split_once(&format!("fn {test}(")).unwrap_or_else(|| panic!("there is no test {test}"));
    rest.split("\n}\n").next().unwrap_or(rest)
}

#[test]
fn each_finding_has_a_test_that_brings_it_about_or_a_reason_why_none_can() {
    let mut left: BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    for (file, test, codes) in BROUGHT_ABOUT {
        let body = body(file, test);
        for code in *codes {
            assert!(body.contains(&format!("\"{code}\"")), "{test} does not ask for {code}");
            assert!(left.remove(code), "{code} stands here twice, or is no code");
        }
    }
    for (code, reason) in NOT_BROUGHT_ABOUT {
        assert!(left.remove(code), "{code} can be brought about, or is no code, whatever is said: {reason}");
    }
    assert!(left.is_empty(), "no test brings these about: {left:?}");
}
