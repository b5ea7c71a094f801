//! What every log must do, run against the embedded log, librdkafka's mock cluster and a real Apache Kafka.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on falls over")]

mod bed;
mod crash;
mod days;
mod embedded;
mod hostile;
mod kafka;

mod appending;
mod opening;
mod reading;

mod traps;
mod wire;

/// Runs each case on each of the three logs.
macro_rules! contract {
    ($($module:ident: $($case:ident),+;)+) => {
        mod on_embedded {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(&crate::bed::Bed::embedded()).await;
            })+)+
        }

        mod on_mock_cluster {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                crate::$module::$case(&crate::bed::Bed::mock()).await;
            })+)+
        }

        mod on_apache_kafka {
            $($(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let Some(bed) = crate::bed::Bed::real() else { return };
                crate::$module::$case(&bed).await;
            })+)+
        }
    };
}

contract! {
    appending:
        offsets_are_absolute_and_without_gaps,
        bytes_are_kept_as_they_are,
        a_large_record_fits_and_a_larger_one_is_refused,
        what_cannot_be_written_is_refused_whole,
        many_appenders_lose_nothing_and_keep_their_order,
        a_batch_over_several_topics_keeps_the_order_in_each,
        acknowledgements_come_promptly;
    reading:
        reading_begins_in_the_middle,
        an_offset_that_is_not_there_is_said_clearly,
        two_readers_do_not_disturb_one_another,
        an_empty_wait_ends,
        a_late_append_wakes_the_reader,
        a_batch_keeps_to_its_bounds,
        a_call_given_up_loses_nothing,
        readers_come_and_go_on_one_partition,
        what_is_ready_comes_at_once,
        one_that_is_ready_does_not_wait_for_more;
    opening:
        bounds_are_told,
        identity_is_stable,
        another_opening_finds_the_data,
        a_closed_log_says_so,
        an_open_log_is_healthy;
}
