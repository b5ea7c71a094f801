//! What every store must do, run against SQLite and against PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on falls over")]

mod bed;

mod cases;
mod checkpoints;
mod conditions;
mod copies;
mod dead_letters;
mod evidence;
mod inspection;
mod keys;
mod leases;
mod lists;
mod opening;
mod outbox;
mod partitions;
mod reports;
mod seats;
mod singly;
mod transactions;
mod versions;

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
        a_newer_schema_is_refused_and_left_as_it_is,
        a_step_of_another_program_is_refused,
        a_foreign_log_is_refused_with_words,
        topics_of_others_come_and_go_and_are_never_taken_for_one_another;
    transactions:
        a_refused_text_gives_the_transaction_up,
        what_the_tables_lack_is_told_from_what_the_values_are,
        an_overtaken_transaction_is_given_up,
        what_is_not_committed_leaves_nothing,
        rows_written_together_keep_their_texts,
        many_rows_are_written_as_each_alone_would_be;
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
        each_destination_has_a_cursor_of_its_own,
        only_what_was_had_is_removed,
        screens_follow_cases_conditions_and_dead_letters;
    leases:
        a_lease_has_one_holder_until_it_runs_out,
        who_is_alone_frees_what_is_left_from_before,
        a_former_holder_commits_nothing;
    reports:
        a_report_is_pending_until_it_is_settled,
        other_content_is_an_amendment,
        a_refusal_is_known_and_takes_no_case_away,
        one_of_many_claims_is_new,
        hostile_texts_come_back_as_they_are;
    lists:
        filters_find_what_they_name,
        queues_have_what_waits_in_order,
        what_is_live_nearby_is_named,
        numbers_are_dealt_out_one_by_one,
        the_case_that_ended_last_is_known;
    seats:
        an_episode_and_a_report_are_one_cases,
        nothing_hangs_on_a_case_that_is_not_there,
        seats_follow_and_are_never_taken_away,
        a_seat_is_one_cases_and_named_once,
        a_units_load_is_the_cases_it_is_at_work_on;
    conditions:
        many_beliefs_are_written_as_each_alone_would_be,
        a_belief_is_true_up_to_its_offset,
        blindness_changes_no_state,
        a_rule_and_subject_have_one_condition,
        conditions_are_listed_counted_and_paged;
    dead_letters:
        a_letter_is_written_down_once,
        bytes_come_back_as_they_are,
        a_letter_is_settled_once,
        what_was_copied_once_is_not_copied_again_though_it_is_gone,
        letters_are_listed_counted_and_paged;
    checkpoints:
        the_last_two_checkpoints_are_kept,
        a_checkpoint_written_on_the_way_to_others_stays,
        a_damaged_checkpoint_is_passed_over,
        a_record_is_skipped_once,
        a_source_moves_on_from_where_it_is,
        one_of_many_movers_moves;
    inspection:
        the_database_tells_how_it_is_set_up,
        checkpoints_and_skipped_records_are_told_without_their_bytes;
    copies:
        a_copy_holds_every_row_and_goes_on,
        what_cannot_be_copied_is_told;
    versions:
        a_version_never_changes,
        a_version_is_used_when_it_is_ready;
    keys:
        a_repeated_request_gets_the_first_answer,
        a_key_whose_request_came_to_nothing_is_free,
        a_key_that_ran_out_is_free,
        one_of_many_requests_has_the_key;
    evidence:
        the_same_content_is_the_same_file,
        every_look_is_in_the_ledger,
        the_vault_keeps_what_it_has_until_it_forgets,
        a_link_is_bound_once_and_dies_once,
        who_is_there_is_counted_by_role;
}
