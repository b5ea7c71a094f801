//! Sentences of ENGINE worked out by hand: small scripts, and what reference and engine must say to them.

use muster_domain::catalogue::Combine;
use muster_domain::condition::Change;
use muster_domain::record::{ActKind, OutcomeState, Part};

use crate::support::book::{Kind, RuleSpec, Version};
use crate::support::log::script;
use crate::support::program::engine;
use crate::support::said::{line, sorted};
use crate::support::world::{Claims, Happening, Healths, Sees, World};

/// Two minutes raise it, 20 s clear it; 30 s of silence blind it; 10 s of doubt are tolerated.
fn rule(kind: Kind) -> RuleSpec {
    let (combine, neither, ladder) = (Combine::Any, false, false);
    RuleSpec { kind, raise: 120, clear: 20, tolerate: 0, after: 30, rearm: 60, combine, neither, ladder }
}

fn persons(device: usize, from: i64, times: i64, persons: i64) -> Happening {
    Happening::Sees(sees(Kind::Persons, device, from, times, persons))
}

fn sees(kind: Kind, device: usize, from: i64, times: i64, persons: i64) -> Sees {
    let (place, every, delay, cut_until, claims, late) = (0, 10, 0, 0, Claims::Nothing, false);
    Sees { device, place, kind, from, every, times, persons, delay, cut_until, claims, late }
}

fn healths(part: Part, from: i64, times: i64, healthy: bool) -> Happening {
    Happening::Healths(health(part, from, times, healthy))
}

fn health(part: Part, from: i64, times: i64, healthy: bool) -> Healths {
    Healths { device: 0, place: 0, part, from, every: 10, times, delay: 0, healthy }
}

fn world(rule: RuleSpec, devices: usize, length: i64, happenings: Vec<Happening>) -> World {
    let first = Version { rules: vec![Some(rule)], places: 1, devices, quiet_device: false };
    World { first, second: None, tick_every: 1, length, happenings }
}

/// What the reference says, without whose it is and of which episode. The engine must say the same.
fn said(world: &World) -> Vec<String> {
    let log = world.log();
    for (number, (ours, expected)) in engine(&log.records, &log.configs).iter().zip(&log.said).enumerate() {
        assert_eq!(sorted(ours), sorted(expected), "engine and reference\n{}", script(&log, number));
    }
    let short = |change: &Change| {
        let line = line(change);
        let words = line.split(' ').skip(2).filter(|word| !word.contains("ep_") && *word != "v1" && *word != "of");
        words.filter(|word| !matches!(*word, "None" | "kind.0")).collect::<Vec<_>>().join(" ")
    };
    log.said.iter().flatten().map(short).collect()
}

#[track_caller]
fn expect(world: &World, expected: &[&str]) {
    let said: Vec<String> = said(world).into_iter().filter(|line| !line.starts_with("blind")).collect();
    let log = world.log();
    assert_eq!(said, expected, "\n{}", script(&log, log.records.len()));
}

#[track_caller]
fn expect_blind(world: &World, expected: &[&str]) {
    let said: Vec<String> = said(world).into_iter().filter(|line| line.starts_with("blind")).collect();
    let log = world.log();
    assert_eq!(said, expected, "\n{}", script(&log, log.records.len()));
}

#[test]
fn a_hold_is_met_at_its_instant_and_opens_a_case() {
    let world = world(rule(Kind::Persons), 1, 200, vec![persons(0, 5, 1, 0), persons(0, 15, 18, 1)]);
    expect(
        &world,
        &[
            "unknown -> clear at 5",
            "clear -> suspected at 15",
            "suspected -> present at 135",
            "opened severity 3 began 135 decided 134",
        ],
    );
}

#[test]
fn silence_says_nothing_and_pauses_a_hold() {
    // So from 0, covered until 50; from 61 covered again. 50 + 70 are 120: met at 131.
    let paused = vec![persons(0, 0, 3, 1), persons(0, 61, 12, 1)];
    expect(
        &world(rule(Kind::Persons), 1, 140, paused),
        &["unknown -> suspected at 0", "suspected -> present at 131", "opened severity 3 began 131 decided 130"],
    );
    let never = vec![persons(0, 0, 11, 1)];
    let never = world(rule(Kind::Persons), 1, 600, never);
    // Covered until 130: met at 120, and then silence ends nothing.
    expect(
        &never,
        &["unknown -> suspected at 0", "suspected -> present at 120", "opened severity 3 began 120 decided 120"],
    );
    expect_blind(&never, &["blind=true at 130, a silent"]);
}

#[test]
fn a_pause_longer_than_the_hold_starts_it_again() {
    let spec = RuleSpec { raise: 40, ..rule(Kind::Persons) };
    // Covered 0..30; uncovered 30..70 is 40, not longer: 10 more are enough.
    let just = vec![persons(0, 0, 1, 1), persons(0, 70, 8, 1)];
    let met = ["unknown -> suspected at 0", "suspected -> present at 80", "opened severity 3 began 80 decided 79"];
    expect(&world(spec.clone(), 1, 85, just), &met);
    // One second more, and it takes 40 from there.
    let over = vec![persons(0, 0, 1, 1), persons(0, 71, 8, 1)];
    let met = ["unknown -> suspected at 0", "suspected -> present at 111", "opened severity 3 began 111 decided 110"];
    expect(&world(spec, 1, 115, over), &met);
}

#[test]
fn a_gateway_cut_off_for_six_minutes_gives_the_same_episodes() {
    let story = |cut_until: i64| {
        // The line is cut from 100 to 460; then everything comes in the order in which it was seen.
        let away = Sees { cut_until, ..sees(Kind::Persons, 0, 100, 13, 1) };
        let back = Sees { cut_until, ..sees(Kind::Persons, 0, 230, 23, 0) };
        vec![persons(0, 0, 10, 0), Happening::Sees(away), Happening::Sees(back), persons(0, 460, 10, 0)]
    };
    let spec = rule(Kind::Persons);
    let instants = [
        "unknown -> clear at 0",
        "clear -> suspected at 100",
        "suspected -> present at 220",
        "present -> easing at 230",
        "easing -> clear at 250",
    ];
    let moves = |world: &World| -> Vec<String> { said(world).into_iter().filter(|line| line.contains("->")).collect() };
    assert_eq!(moves(&world(spec.clone(), 1, 560, story(0))), instants);
    let late = world(spec, 1, 560, story(460));
    assert_eq!(moves(&late), instants);
    // Nobody is called for what was over before anybody knew.
    assert!(said(&late).contains(&"ended SeenClear at 250 in retrospect".to_owned()));
    assert!(!said(&late).iter().any(|line| line.starts_with("opened")));
}

#[test]
fn a_begin_that_came_late_waits_for_the_tick_and_opens_if_it_still_stands() {
    let late = Sees { cut_until: 320, ..sees(Kind::Persons, 0, 0, 13, 1) };
    let world = world(rule(Kind::Persons), 1, 400, vec![Happening::Sees(late)]);
    // Seen 0 to 120, read at 320 after the tick of 319: the last word meets the hold, and the tick of 320 opens.
    expect(
        &world,
        &["unknown -> suspected at 0", "suspected -> present at 120", "opened severity 3 began 120 decided 320"],
    );
}

#[test]
fn one_frame_does_not_man_a_room() {
    let spec = RuleSpec { tolerate: 12, ..rule(Kind::Persons) };
    let flicker = vec![persons(0, 0, 6, 1), persons(0, 60, 1, 0), persons(0, 70, 14, 1)];
    // The doubt of 60..70 is forgotten and counts as a pause: met ten seconds later.
    expect(
        &world(spec.clone(), 1, 140, flicker),
        &["unknown -> suspected at 0", "suspected -> present at 130", "opened severity 3 began 130 decided 129"],
    );
    let two = vec![persons(0, 0, 6, 1), persons(0, 60, 2, 0), persons(0, 80, 5, 1)];
    expect(
        &world(spec, 1, 130, two),
        &["unknown -> suspected at 0", "suspected -> clear at 72", "clear -> suspected at 80"],
    );
}

#[test]
fn two_cameras_that_each_see_one_of_two_guards() {
    let guards = |combine| {
        let spec = RuleSpec { raise: 20, combine, neither: true, ..rule(Kind::Persons) };
        world(spec, 2, 60, vec![persons(0, 0, 7, 1), persons(1, 0, 7, 1)])
    };
    // `neither` raises at two or more: only their sum is two.
    expect(
        &guards(Combine::Sum),
        &["unknown -> suspected at 0", "suspected -> present at 20", "opened severity 3 began 20 decided 19"],
    );
    expect(&guards(Combine::Max), &[]);
    expect(&guards(Combine::Any), &[]);
}

#[test]
fn only_its_witnesses_clear_an_episode() {
    let spec = RuleSpec { raise: 20, clear: 20, ..rule(Kind::Persons) };
    let begin = || vec![persons(0, 0, 4, 1), persons(1, 5, 20, 0)];
    let raised = ["unknown -> suspected at 0", "suspected -> present at 20", "opened severity 3 began 20 decided 19"];
    // The camera that raised it dies at 30; the other sees nothing, and that clears nothing.
    let dead = world(spec.clone(), 2, 200, begin());
    expect(&dead, &raised);
    expect_blind(&dead, &["blind=true at 60, a silent"]);
    let mut both = begin();
    both.push(persons(0, 100, 5, 0));
    let cleared = ["present -> easing at 100", "easing -> clear at 120", "ended SeenClear at 120"];
    expect(&world(spec, 2, 200, both), &[&raised[..], &cleared[..]].concat());
}

#[test]
fn a_heartbeat_of_the_camera_does_not_vouch_for_its_analytics() {
    let parked = |part| {
        let car = Happening::Sees(sees(Kind::Occupied, 0, 0, 1, 1));
        world(rule(Kind::Occupied), 1, 200, vec![car, healths(part, 5, 20, true)])
    };
    expect(
        &parked(Part::Analytics),
        &["unknown -> suspected at 0", "suspected -> present at 120", "opened severity 3 began 120 decided 120"],
    );
    expect_blind(&parked(Part::Analytics), &[]);
    expect(&parked(Part::Camera), &["unknown -> suspected at 0"]);
    expect_blind(&parked(Part::Camera), &["blind=true at 30, a silent"]);
}

#[test]
fn health_back_covers_again_from_there_unless_the_kind_forgets() {
    let spec = |kind| RuleSpec { raise: 60, ..rule(kind) };
    let story = |kind, part| {
        let car = Happening::Sees(sees(kind, 0, 0, 1, 1));
        vec![car, healths(part, 5, 2, true), healths(Part::Link, 25, 1, false), healths(part, 45, 9, true)]
    };
    // Covered 0..25 and from 45: 25 + 35 are 60.
    expect(
        &world(spec(Kind::Occupied), 1, 130, story(Kind::Occupied, Part::Analytics)),
        &["unknown -> suspected at 0", "suspected -> present at 80", "opened severity 3 began 80 decided 80"],
    );
    expect(&world(spec(Kind::Fleeting), 1, 130, story(Kind::Fleeting, Part::Camera)), &["unknown -> suspected at 0"]);
}

#[test]
fn a_late_word_of_illness_ends_coverage_until_the_next_healthy_word() {
    // Seen once, vouched for at 8, 18, 28 and 38; that the link was down at 20 comes to be known at 40.
    let story = |kind, part| {
        let car = Happening::Sees(sees(kind, 0, 0, 1, 1));
        let down = Healths { delay: 20, ..health(Part::Link, 20, 1, false) };
        vec![car, healths(part, 8, 10, true), Happening::Healths(down)]
    };
    let spec = |kind| RuleSpec { raise: 60, ..rule(kind) };
    // Covered 0..20 and from 28, not only from 38: 20 + 40 are 60.
    expect(
        &world(spec(Kind::Occupied), 1, 90, story(Kind::Occupied, Part::Analytics)),
        &["unknown -> suspected at 0", "suspected -> present at 68", "opened severity 3 began 68 decided 68"],
    );
    expect(&world(spec(Kind::Fleeting), 1, 90, story(Kind::Fleeting, Part::Camera)), &["unknown -> suspected at 0"]);
}

#[test]
fn a_pause_that_started_a_hold_again_is_over_with_it() {
    let spec = RuleSpec { raise: 0, clear: 20, tolerate: 12, after: 10, ..rule(Kind::Persons) };
    let occluded = Sees { claims: Claims::Occluded, ..sees(Kind::Persons, 0, 56, 1, 1) };
    // Easing from 10, covered to 20: just after 40 its pause is longer than the hold. A doubt of 50..56 is a new pause.
    let doubted_again_at = |at: i64| {
        let begin = vec![persons(0, 0, 1, 1), persons(0, 10, 1, 0), persons(0, 50, 1, 1)];
        let world =
            world(spec.clone(), 1, 90, [begin, vec![Happening::Sees(occluded.clone()), persons(0, at, 3, 1)]].concat());
        said(&world).into_iter().filter(|line| line.starts_with("easing")).collect::<Vec<_>>()
    };
    // 6 s of doubt and 6 more: at 70, when that pause has lasted as long as the hold, they come true.
    assert_eq!(doubted_again_at(64), ["easing -> present at 70"]);
    // With 4 more it is forgotten at 70, and begins again there.
    assert_eq!(doubted_again_at(66), ["easing -> present at 82"]);
}

#[test]
fn who_doubted_is_a_witness_of_what_came_of_it() {
    // `a` raises it; at 20 nobody is seen; then `b` sees somebody for 7 s, is occluded, and `a` sees somebody too.
    let spec = RuleSpec { raise: 0, clear: 60, tolerate: 12, ..rule(Kind::Persons) };
    let occluded = Sees { claims: Claims::Occluded, ..sees(Kind::Persons, 1, 37, 1, 0) };
    let both = vec![persons(0, 0, 1, 1), persons(0, 20, 2, 0), persons(1, 20, 1, 0), persons(1, 30, 1, 1)];
    let rest = vec![Happening::Sees(occluded), persons(0, 35, 3, 1), persons(0, 65, 20, 0)];
    let world = world(spec, 2, 220, [both, rest].concat());
    let moves: Vec<String> = said(&world).into_iter().filter(|line| line.contains("->")).collect();
    // Doubt from 30: present again at 42. Without a word of `b` that nobody is there, `a` alone clears nothing.
    let expected = ["unknown -> suspected at 0", "suspected -> present at 0", "present -> easing at 20"];
    assert_eq!(moves, [&expected[..], &["easing -> present at 42"]].concat());
}

#[test]
fn what_came_since_a_person_looked_counts_before_what_was_known() {
    // `b` sees somebody at 45; `a`, ahead, meets the hold at 50. A person looks; then `b` says that at 48 nobody was there.
    let spec = RuleSpec { raise: 5, clear: 0, ..rule(Kind::Persons) };
    let ahead = Sees { delay: -4, ..sees(Kind::Persons, 0, 50, 1, 0) };
    let looked = Happening::Act { at: 47, rule: 0, place: 0, kind: ActKind::PostChecked, named: true };
    let world = world(spec, 2, 49, vec![persons(1, 45, 1, 1), Happening::Sees(ahead), looked, persons(1, 48, 1, 0)]);
    let moves: Vec<String> = said(&world).into_iter().filter(|line| line.contains("->")).collect();
    assert_eq!(moves, ["unknown -> suspected at 45", "suspected -> present at 50", "present -> clear at 50"]);
}

#[test]
fn an_adapter_that_was_silent_before_we_watched_is_given_the_time_to_be_heard() {
    // Nobody watches until 26. Intake at 26 cannot be known yet; the last at 10 would be silent for 16 s.
    let happenings = vec![Happening::Outage { from: 0, length: 26 }, Happening::AdapterSilent { from: 11, length: 17 }];
    let spec = RuleSpec { after: 10, ..rule(Kind::Occupied) };
    let health = Happening::Healths(Healths { part: Part::Analytics, ..health(Part::Analytics, 0, 1, true) });
    expect_blind(&world(spec, 1, 60, [happenings, vec![health]].concat()), &["blind=true at 36, a silent"]);
}

#[test]
fn an_impulse_raises_at_once_and_quiet_clears_it_only_while_covered() {
    let spec = RuleSpec { kind: Kind::Line, raise: 0, clear: 30, ..rule(Kind::Line) };
    let crossed = |times| Happening::Sees(sees(Kind::Line, 0, 3, times, 1));
    let raised = ["unknown -> suspected at 3", "suspected -> present at 3", "opened severity 3 began 3 decided 2"];
    // quiet = blind.after + 30 s = 60 s, from the last impulse at 13.
    let cleared = ["present -> clear at 73", "ended SeenClear at 73"];
    let vouched = vec![crossed(2), healths(Part::Analytics, 0, 20, true)];
    expect(&world(spec.clone(), 1, 200, vouched), &[&raised[..], &cleared[..]].concat());
    expect(&world(spec, 1, 200, vec![crossed(2)]), &raised);
}

#[test]
fn what_a_person_ended_stays_ended_until_it_is_armed_again() {
    let spec = RuleSpec { raise: 20, rearm: 60, ..rule(Kind::Persons) };
    let act = |kind| vec![persons(0, 0, 20, 1), Happening::Act { at: 55, rule: 0, place: 0, kind, named: true }];
    let raised = ["unknown -> suspected at 0", "suspected -> present at 20", "opened severity 3 began 20 decided 19"];
    // Read after the tick of 54: T = 54.
    let ended = ["present -> clear at 54", "ended ByPerson at 54"];
    let again = ["clear -> suspected at 114", "suspected -> present at 134", "opened severity 3 began 134 decided 134"];
    let case_ended = world(spec.clone(), 1, 180, act(ActKind::CaseEnded));
    expect(&case_ended, &[&raised[..], &ended, &again].concat());
    let checked = world(spec, 1, 80, act(ActKind::PostChecked));
    let again = ["clear -> suspected at 54", "suspected -> present at 74", "opened severity 3 began 74 decided 74"];
    expect(&checked, &[&raised[..], &ended, &again].concat());
}

#[test]
fn blindness_allows_for_our_outages_and_silent_adapters() {
    let outage = vec![persons(0, 0, 6, 0), Happening::Outage { from: 60, length: 50 }, persons(0, 200, 3, 0)];
    // Silent at 80 while we were away: the allowance starts afresh at 110.
    expect_blind(&world(rule(Kind::Persons), 1, 220, outage), &["blind=true at 140, a silent", "blind=false at 200"]);
    let adapter = vec![persons(0, 0, 6, 0), Happening::AdapterSilent { from: 55, length: 60 }];
    // Intake at 50 is the last until 115: not served from 65. From 115 on what waited behind it may take its time.
    expect_blind(&world(rule(Kind::Persons), 1, 220, adapter), &["blind=true at 145, a silent"]);
    expect_blind(&world(rule(Kind::Persons), 2, 40, Vec::new()), &["blind=true at 30, a silent, b silent"]);
}

#[test]
fn a_place_stays_blind_and_is_told_why_anew() {
    let occluded = Happening::Sees(Sees { claims: Claims::Occluded, ..sees(Kind::Persons, 0, 60, 1, 1) });
    let ill = vec![persons(0, 0, 1, 0), healths(Part::Camera, 45, 2, false), occluded, persons(0, 70, 2, 0)];
    // What the camera says of itself goes before that nothing is heard; what it says last holds; again is no news.
    let told = [
        "blind=true at 30, a silent",
        "blind=true at 45, a offline",
        "blind=true at 60, a occluded",
        "blind=false at 70",
    ];
    expect_blind(&world(rule(Kind::Persons), 1, 75, ill), &told);
    // The other one takes up again, and it is the witness that is missed.
    let spec = RuleSpec { raise: 0, ..rule(Kind::Persons) };
    let witness = vec![persons(0, 0, 1, 1), persons(1, 50, 3, 0)];
    expect_blind(&world(spec, 2, 60, witness), &["blind=true at 30, a silent, b silent", "blind=true at 50, a silent"]);
}

/// One rule that becomes another at a second, over so many devices before and after.
fn changed(world: World, at: i64, rule: RuleSpec, devices: usize) -> World {
    let second = Version { rules: vec![Some(rule)], devices, ..world.first.clone() };
    World { second: Some((at, second)), ..world }
}

#[test]
fn a_new_version_recomputes_deadlines_and_changes_nothing_before_it_came() {
    let before = world(rule(Kind::Persons), 1, 100, vec![persons(0, 0, 9, 1)]);
    // So from 0. At 70, with T = 69, 30 s become enough: the hold of 69 s is met there, not at 30.
    let shorter = changed(before.clone(), 70, RuleSpec { raise: 30, ..rule(Kind::Persons) }, 1);
    expect(
        &shorter,
        &["unknown -> suspected at 0", "v2 suspected -> present at 69", "v2 opened severity 3 began 69 decided 69"],
    );
    // What the version before had decided stands: it lasted 60 s when that was enough.
    let met = world(RuleSpec { raise: 60, ..rule(Kind::Persons) }, 1, 100, vec![persons(0, 0, 9, 1)]);
    let longer = changed(met, 70, RuleSpec { raise: 90, ..rule(Kind::Persons) }, 1);
    expect(
        &longer,
        &["unknown -> suspected at 0", "suspected -> present at 60", "opened severity 3 began 60 decided 59"],
    );
    let nowhere = World { second: Some((70, Version { rules: vec![None], ..before.first.clone() })), ..before };
    expect(&nowhere, &["unknown -> suspected at 0", "suspected -> unknown at 69"]);
}

#[test]
fn a_witness_that_is_declared_no_longer_clears_nothing() {
    // `b` raises it and is taken out of the catalogue at 40; `a`, which sees nobody, cannot clear it alone.
    let spec = RuleSpec { raise: 20, ..rule(Kind::Persons) };
    let seen = vec![persons(1, 0, 5, 1), persons(0, 5, 20, 0)];
    let gone = changed(world(spec.clone(), 2, 200, seen), 40, spec, 1);
    expect(
        &gone,
        &["unknown -> suspected at 0", "suspected -> present at 20", "opened severity 3 began 20 decided 19"],
    );
    expect_blind(&gone, &["blind=true at 40"]);
}

#[test]
fn what_vouched_when_it_was_read_goes_on_vouching() {
    // The last device speaks of persons when they change, and its health vouches for it; from 25 on it repeats itself.
    let mut before =
        world(rule(Kind::Persons), 1, 80, vec![persons(0, 0, 1, 1), healths(Part::Analytics, 10, 7, true)]);
    before.first.quiet_device = true;
    let mut after = changed(before, 25, RuleSpec { raise: 55, ..rule(Kind::Persons) }, 1);
    if let Some((_, second)) = &mut after.second {
        second.quiet_device = false;
    }
    // Covered to 50, 30 s from the word of 20. The words of 30 and later are health of who must speak for itself.
    expect(&after, &["unknown -> suspected at 0"]);
    expect_blind(&after, &["blind=true at 50, a silent"]);
}

#[test]
fn health_back_in_the_second_of_a_tick_is_judged_when_it_is_past() {
    // Not seen from 30 on; at 60 health says that it still stands. The tick of 60 still waits, the one of 61 does not.
    let spec = RuleSpec { raise: 30, ..rule(Kind::Occupied) };
    let car = vec![Happening::Sees(sees(Kind::Occupied, 0, 0, 1, 1)), healths(Part::Analytics, 60, 1, true)];
    let met = ["unknown -> suspected at 0", "suspected -> present at 30", "opened severity 3 began 30 decided 30"];
    expect(&world(spec.clone(), 1, 70, car), &met);
    let ended = |happenings: Vec<Happening>| world(RuleSpec { rearm: 20, ..spec.clone() }, 1, 70, happenings);
    let person = Happening::Act { at: 31, rule: 0, place: 0, kind: ActKind::CaseEnded, named: true };
    let car = vec![Happening::Sees(sees(Kind::Occupied, 0, 0, 1, 1)), person, healths(Part::Analytics, 60, 1, true)];
    let again = ["present -> clear at 30", "ended ByPerson at 30", "clear -> suspected at 60"];
    expect(&ended(car), &[&met[..], &again].concat());
}

#[test]
fn late_and_test_records_say_nothing() {
    let (mut late, mut test) = (sees(Kind::Persons, 0, 0, 20, 1), sees(Kind::Persons, 0, 5, 20, 1));
    (late.late, test.claims) = (true, Claims::Test);
    let world = world(rule(Kind::Persons), 1, 200, vec![Happening::Sees(late), Happening::Sees(test)]);
    expect(&world, &[]);
    expect_blind(&world, &["blind=true at 30, a silent"]);
}

#[test]
fn the_ladder_stands_still_while_blind_and_while_easing() {
    let spec = RuleSpec { raise: 0, clear: 60, ladder: true, ..rule(Kind::Persons) };
    let delivered = |at| Happening::Outcome { at, rule: 0, place: 0, state: OutcomeState::Delivered };
    let steps =
        |world: &World| -> Vec<String> { said(world).into_iter().filter(|line| line.starts_with("step")).collect() };
    let plain = world(spec.clone(), 1, 60, vec![persons(0, 3, 6, 1), delivered(5)]);
    // Opened at 3 with T = 2: 7, 20 and 30 s from there.
    assert_eq!(steps(&plain), ["step 0 at 2", "step 1 at 9", "step 2 at 22", "step 3 at 32"]);
    let unheard = world(spec.clone(), 1, 60, vec![persons(0, 3, 6, 1)]);
    assert_eq!(steps(&unheard)[1], "step 1 at 9 skipped", "could not ask is a branch of its own");
    // Blind from 33 to 50: the tick of 33 still counts the second before it, then none until the one of 50.
    let blind = world(spec.clone(), 1, 60, vec![persons(0, 3, 1, 1), persons(0, 50, 1, 1), delivered(5)]);
    assert_eq!(steps(&blind)[3], "step 3 at 32");
    let spec = RuleSpec { after: 20, ..spec };
    let blind = world(spec.clone(), 1, 70, vec![persons(0, 3, 1, 1), persons(0, 50, 2, 1), delivered(5)]);
    assert_eq!(steps(&blind)[3], "step 3 at 59");
    // Easing from 13: only the step that says `while_easing` comes.
    let easing = world(spec, 1, 40, vec![persons(0, 3, 1, 1), persons(0, 13, 3, 0), delivered(5)]);
    assert_eq!(steps(&easing), ["step 0 at 2", "step 1 at 9", "step 2 at 22"]);
}

#[test]
fn an_old_owner_does_not_move_the_time() {
    let mut happenings = vec![persons(0, 3, 30, 1)];
    happenings.push(Happening::Takeover { at: 20, lingers: 8 });
    let world = world(rule(Kind::Persons), 1, 200, happenings);
    expect(
        &world,
        &["unknown -> suspected at 3", "suspected -> present at 123", "opened severity 3 began 123 decided 122"],
    );
}

#[test]
fn a_store_that_comes_back_with_an_earlier_epoch_moves_the_time_again() {
    let takeovers = [(10, 0), (20, 0)].map(|(at, lingers)| Happening::Takeover { at, lingers });
    let happenings = takeovers.into_iter().chain([Happening::Restored { at: 30 }, persons(0, 3, 1, 1)]).collect();
    let world = world(rule(Kind::Persons), 1, 60, happenings);
    expect_blind(&world, &["blind=true at 33, a silent"]);
}
