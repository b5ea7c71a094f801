//! What is said of a finding, and what is none: a fast world, a restart, a glance behind a close look.

use super::*;

#[test]
fn what_is_said_names_the_thing_and_the_command() {
    let mut facts = well_on_kafka();
    cluster(&mut facts).topics[0].retention_ms = Some(1000);
    let finding = &judge(&facts)[0];
    assert_eq!(finding.details[0].words().en, "muster.observation.v1: retention.ms=1000 < 604800000");
    let command = "kafka-configs.sh --bootstrap-server one:9092 --alter --topic muster.observation.v1 \
                   --add-config retention.ms=604800000";
    assert_eq!(finding.run, [command]);
}

#[test]
fn a_fast_world_is_not_late() {
    let mut facts = well();
    facts.speed = 60.0;
    work(&mut facts).partitions[0].oldest_unwatched = Some(NOW - 40 * SECOND);
    work(&mut facts).partitions[0].checkpoint.as_mut().unwrap().at = NOW - 3600 * SECOND;
    assert_eq!(judge(&facts), []);
}

#[test]
fn a_restart_is_no_fight_and_one_long_ago_is_over() {
    let mut facts = well();
    work(&mut facts).partitions[0].takeovers = (0..3).map(|n| NOW - n * SECOND).collect();
    assert_eq!(judge(&facts), []);
    work(&mut facts).partitions[0].takeovers = (0..9).map(|n| NOW - 400 * SECOND - n * SECOND).collect();
    assert_eq!(judge(&facts), []);
}

#[test]
fn a_glance_recalls_what_a_close_look_found_as_long_as_it_is_so() {
    let mut close = well();
    let Ok(Inspection::Folder(folder)) = &mut close.log else { panic!("no folder") };
    folder.days[0].trouble = Some("it is no database".to_owned());
    work(&mut close).partitions[0].damaged = true;
    work(&mut close).partitions[1].takeovers = (0..4).map(|n| NOW - n * SECOND).collect();
    let look = CloseLook::of(&close);
    let glance = || {
        let mut facts = well();
        let Ok(Inspection::Folder(folder)) = &mut facts.log else { panic!("no folder") };
        folder.days.clear();
        work(&mut facts).partitions.iter_mut().for_each(|seen| seen.takeovers.clear());
        facts
    };
    let codes = |mut facts: Facts| {
        look.recall(&mut facts);
        judge(&facts).into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(judge(&glance()), [], "a glance sees nothing of it");
    assert_eq!(look.at(), NOW);
    assert_eq!(codes(glance()), [Code::DayUnreadable, Code::LeaseFight, Code::CheckpointDamaged]);
    let mut later = glance();
    later.now += 6 * 60 * SECOND;
    work(&mut later).partitions[0].checkpoint.as_mut().unwrap().offset += 1;
    let later = codes(later);
    assert!(later.contains(&Code::DayUnreadable), "{later:?}");
    assert!(!later.contains(&Code::LeaseFight) && !later.contains(&Code::CheckpointDamaged), "{later:?}");
}
