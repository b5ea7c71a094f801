//! What is heard of the stream is what it says, and of a plan only so much is held against the watch as evidence has shown.

use super::*;

/// What is noted of these messages.
fn heard(messages: &[&str]) -> (Account, BTreeMap<String, u64>) {
    let (mut account, mut behind) = (Account::default(), BTreeMap::new());
    behind.insert(case().1.id.to_string(), case().0.version);
    messages.iter().for_each(|message| hear(&Message::read(message), &mut account, &mut behind));
    (account, behind)
}

/// The first change of the case of the golden files.
fn case() -> (CaseEvent, muster_domain::case::Case) {
    let path = muster_tests::root().join("crates/wire/tests/golden/case/event-1.json");
    let event = muster_wire::case::read_event(&std::fs::read_to_string(path).unwrap()).unwrap();
    let case = muster_domain::case::Case::replay(std::slice::from_ref(&event)).unwrap();
    (event, case)
}

fn moved(from: &str, to: &str) -> String {
    let at = "2026-11-23T00:00:00.25Z";
    serde_json::json!({ "rule": "lane", "subject": "place:lane-1", "place": "lane-1",
        "change": { "moved": { "from": from, "to": to, "at": at } } })
    .to_string()
}

#[test]
fn every_message_of_the_stream_is_noted() {
    let (event, after) = case();
    let payload = muster_wire::case::encode(&event, &after).payload;
    let told = format!("event: case\nid: 7\ndata: {}\n\n", String::from_utf8_lossy(&payload));
    let change = moved("suspected", "present");
    let began = format!("event: condition\nid: 8\ndata: {change}\n\n");
    let ended = format!("event: condition\nid: 9\ndata: {}\n\n", moved("easing", "clear"));
    let (account, behind) = heard(&[&told, "event: alive\ndata: 1\n\n", &began, &ended]);
    assert!(behind.is_empty() && !account.resynced);
    assert_eq!((account.told, account.numbers), (vec![(event, after)], vec![7, 8, 9]));
    assert_eq!(account.began, account.ended);
    assert_eq!(account.began[0].0, "lane-1");
    assert_eq!(account.heard[0], Sent { number: 8, subject: "place:lane-1".to_owned(), body: change });
    assert_eq!(account.heard.len(), 2);
}

#[test]
fn what_the_stream_does_not_say_is_not_noted() {
    let (account, behind) = heard(&["event: resync\nid: 9\ndata: {}\n\n"]);
    assert!(account.resynced && !behind.is_empty() && account.told.is_empty());
    assert_eq!(account.numbers, [9]);
    let (account, _) = heard(&[&format!("event: condition\nid: 8\ndata: {}\n\n", moved("clear", "suspected"))]);
    assert!(account.began.is_empty() && account.ended.is_empty() && account.heard.len() == 1);
}

#[test]
fn of_a_plan_what_evidence_has_shown_must_be_and_what_a_look_may_have_found_counts_where_it_was() {
    let begins = 100 * AHEAD;
    let place = || "lane-1".to_owned();
    let plan = [ExpectedIncident { place: place(), begins, shown: begins, ends: Some(begins + 2 * AHEAD) }];
    let standing = [ExpectedIncident { ends: None, ..plan[0].clone() }];
    let nothing = Account::default();
    let found = Account { began: vec![(place(), begins)], ..Account::default() };
    let over = Account { ended: vec![(place(), begins + 2 * AHEAD)], ..found.clone() };
    assert!(so_far(&plan, begins - AHEAD - 1, &found).is_empty());
    assert!(so_far(&plan, begins - AHEAD, &nothing).is_empty());
    assert_eq!(so_far(&plan, begins - AHEAD, &found), standing);
    assert_eq!(so_far(&plan, begins + APART, &nothing), standing);
    assert_eq!(so_far(&plan, begins + AHEAD, &found), standing);
    assert_eq!(so_far(&plan, begins + AHEAD, &over), plan);
    assert_eq!(so_far(&plan, i64::MAX, &nothing), plan);
}
