//! The checker finds what is broken: from an account that is in order, one thing is broken at a time.

use muster_domain::case::{CaseState, EpisodeLink};
use muster_domain::id::CaseId;

use super::*;

/// The case of the golden files, seen at its place, reported, told and published.
fn in_order() -> Account {
    let folder = muster_tests::root().join("crates/wire/tests/golden/case");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let case = muster_wire::case::read(&read("case.json")).unwrap();
    let journal: Vec<CaseEvent> =
        (1..=7).map(|n| muster_wire::case::read_event(&read(&format!("event-{n}.json"))).unwrap()).collect();
    let after = |n: usize| (journal[n].clone(), Case::replay(&journal[..=n]).unwrap());
    let told: Vec<_> = (0..journal.len()).map(after).collect();
    let (place, begins) = ("cr-guomao".to_owned(), case.episodes[0].began.micros());
    Account {
        expected: vec![ExpectedIncident { place: place.clone(), begins, shown: begins, ends: None }],
        began: vec![(place, begins)],
        reports: case.reports.iter().map(|report| (report.id.to_string(), case.id.to_string())).collect(),
        cases: vec![(case, journal)],
        numbers: (1..=8).collect(),
        published: Some(told.clone()),
        told,
        ..Account::default()
    }
}

/// What is found in an account that was broken.
fn found(breaking: impl FnOnce(&mut Account)) -> String {
    let mut account = in_order();
    breaking(&mut account);
    account.findings().join("\n")
}

#[test]
fn an_account_in_order_has_no_findings() {
    assert_eq!(found(|_| {}), "");
}

#[test]
fn a_loss_is_found() {
    assert!(found(|account| account.lost.push("7-1".into())).contains("7-1 was acknowledged and is lost"));
    assert!(found(|account| account.unwatched.push("partition 1".into())).contains("not watched"));
    assert!(found(|account| account.pending = 1).contains("not sent"));
    assert!(found(|account| account.cases.clear()).contains("no live case"));
    assert!(found(|account| account.began.clear()).contains("never began"));
    assert!(found(|account| account.expected[0].ends = Some(9)).contains("never ended"));
}

#[test]
fn a_double_is_found() {
    assert!(found(|account| account.cases.push(account.cases[0].clone())).contains("listed twice"));
    let twin = |account: &mut Account| {
        let (mut case, journal) = account.cases[0].clone();
        case.id = CaseId::parse("case_ffeeddccbbaa99887766554433221100").unwrap();
        account.cases.push((case, journal));
    };
    let words = found(twin);
    assert!(words.contains("a second live case") && words.contains("the same episode"), "{words}");
    assert!(words.contains("was told"), "a report in two cases: {words}");
    assert!(found(|account| account.began.push(account.began[0].clone())).contains("began twice"));
}

#[test]
fn what_nobody_planned_is_found() {
    assert!(found(|account| account.expected.clear()).contains("that nobody planned"));
    assert!(found(|account| account.began[0].1 += 1).contains("against the plan"));
    assert!(found(|account| account.ended.push(("cr-guomao".into(), 5))).contains("against the plan"));
    assert!(found(|account| account.reports.clear()).contains("never acknowledged"));
}

#[test]
fn a_row_that_is_not_its_journal_is_found() {
    assert!(found(|account| account.cases[0].0.state = CaseState::Handled).contains("not the replay"));
    assert!(found(|account| drop(account.cases[0].1.remove(3))).contains("breaks at entry"));
    let other = |account: &mut Account| {
        let link: &mut EpisodeLink = &mut account.cases[0].0.episodes[0];
        link.rule_version += 1;
    };
    assert!(found(other).contains("not the replay"));
}

#[test]
fn a_gap_in_what_was_told_or_published_is_found() {
    assert!(found(|account| drop(account.told.remove(2))).contains("the stream: "));
    assert!(found(|account| drop(account.told.pop())).contains("6 of 7 changes"));
    assert!(found(|account| account.told.swap(1, 2)).contains("the stream: "));
    assert!(found(|account| account.numbers.push(3)).contains("do not rise"));
    assert!(found(|account| account.resynced = true).contains("could not be followed"));
    let published = |account: &mut Account| drop(account.published.as_mut().unwrap().remove(6));
    assert!(found(published).contains("the topic of cases"));
    let swapped = |account: &mut Account| account.published.as_mut().unwrap().swap(4, 5);
    assert!(found(swapped).contains("the topic of cases"));
}

#[test]
fn a_repeat_on_the_topic_is_no_finding() {
    let repeat = |account: &mut Account| {
        let published = account.published.as_mut().unwrap();
        published.push(published[5].clone());
    };
    assert_eq!(found(repeat), "");
}
