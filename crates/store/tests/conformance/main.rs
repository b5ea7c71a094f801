//! What every store must do, run against SQLite and against PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on falls over")]

mod bed;

mod cases;
mod leases;
mod opening;
mod outbox;
mod partitions;
mod reports;

/// Runs each case on each of the two databases.
macro_rules! conformance {
    ($($module:ident: $($case:ident),+;)+) => {
        mod on_sqlite {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(&crate::bed::Bed::sqlite()).await;
            })+)+
        }

        mod on_postgresql {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(bed) = crate::bed::Bed::postgres() else { return };
                crate::$module::$case(&bed).await;
            })+)+
        }
    };
}

conformance! {
    opening:
        migrations_run_once,
        a_foreign_log_is_refused_with_words;
    partitions:
        a_partition_has_one_owner_until_it_runs_out,
        the_epoch_rises_with_every_taking,
        an_overtaken_owner_writes_nothing,
        one_of_many_takers_wins;
    cases:
        a_subject_has_one_live_case,
        one_of_two_racing_transactions_opens_the_case,
        an_old_version_changes_nothing,
        journals_take_no_number_twice,
        pages_lose_and_repeat_nothing;
    outbox:
        numbers_have_no_gaps_in_the_order_of_the_rows,
        an_effect_is_there_once,
        two_numberers_give_no_number_twice,
        an_overtaken_numberer_is_refused,
        each_destination_has_a_cursor_of_its_own;
    leases:
        a_lease_has_one_holder_until_it_runs_out,
        a_former_holder_commits_nothing;
    reports:
        a_report_is_pending_until_it_is_settled,
        other_content_is_an_amendment,
        one_of_many_claims_is_new,
        hostile_texts_come_back_as_they_are;
}
