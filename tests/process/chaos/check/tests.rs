//! The checker finds what is broken: from an account that is in order, one thing is broken at a time.

use muster_domain::case::{CaseState, EpisodeLink};
use muster_domain::condition::State;
use muster_domain::id::CaseId;

use super::*;

/// The case of the golden files, seen at its place, reported, told and published.
pub(in crate::chaos) fn in_order() -> Account {
    let folder = muster_tests::root().join("crates/wire/tests/golden/case");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let case = muster_wire::case::read(&read("case.json")).unwrap();
    let journal: Vec<CaseEvent> =
        (1..=7).map(|n| muster_wire::case::read_event(&read(&format!("event-{n}.json"))).unwrap()).collect();
    let after = |n: usize| (journal[n].clone(), Case::replay(&journal[..=n]).unwrap());
    let told: Vec<_> = (0..journal.len()).map(after).collect();
    let (place, begins) = ("cr-guomao".to_owned(), case.episodes[0].began.micros());
    let sent = |number, subject: &str| Sent { number, subject: subject.to_owned(), body: format!("change {number}") };
    let heard = vec![sent(2, "place:cr-guomao"), sent(5, "place:cr-guomao"), sent(6, "place:lane-1")];
    let episode = Some(case.episodes[0].episode.to_string());
    let present = Believed { state: State::Present, since: Some(begins), blind: false, episode };
    let believed: Beliefs = [("unattended at place:cr-guomao".to_owned(), present)].into();
    Account {
        expected: vec![ExpectedIncident { place: place.clone(), begins, shown: begins, ends: None }],
        began: vec![(place, begins)],
        reports: case.reports.iter().map(|report| (report.id.to_string(), case.id.to_string())).collect(),
        cases: vec![(case, journal)],
        numbers: (1..=8).collect(),
        resumed: Some((4, (5..=8).collect())),
        rest: Some(Rest {
            replayed: believed.clone(),
            believed,
            outbox: heard.clone(),
            cases: told.clone(),
            conditions: heard.clone(),
            ..Rest::default()
        }),
        heard,
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

/// What is found where log or store were broken.
fn found_at_rest(breaking: impl FnOnce(&mut Rest)) -> String {
    found(|account| breaking(account.rest.as_mut().unwrap()))
}

#[test]
fn an_account_in_order_has_no_findings() {
    assert_eq!(found(|_| {}), "");
}

#[test]
fn a_loss_is_found() {
    assert!(found_at_rest(|rest| rest.lost.push("7-1".into())).contains("7-1 was acknowledged and is lost"));
    assert!(found_at_rest(|rest| rest.unwatched.push("partition 1".into())).contains("not watched"));
    assert!(found_at_rest(|rest| rest.pending = 1).contains("not sent"));
    assert!(found(|account| account.cases.clear()).contains("is no case"));
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
    assert!(found_at_rest(|rest| drop(rest.cases.remove(6))).contains("the topic of cases"));
    assert!(found_at_rest(|rest| rest.cases.swap(4, 5)).contains("the topic of cases"));
    assert!(found_at_rest(|rest| rest.cases.clear()).contains("the topic of cases"), "all of it");
}

#[test]
fn a_change_of_a_condition_that_was_not_told_or_published_is_found() {
    let topic = |breaking: fn(&mut Vec<Sent>)| found_at_rest(|rest| breaking(&mut rest.conditions));
    assert!(topic(|sent| drop(sent.remove(0))).contains("place:cr-guomao: 1 of 2 changes"));
    assert!(topic(|sent| sent.swap(0, 1)).contains("place:cr-guomao: 2 of 2 changes, or others"));
    assert!(topic(|sent| sent[1].body.push('!')).contains("place:cr-guomao"));
    assert!(topic(|sent| sent.push(Sent { number: 9, ..sent[2].clone() })).contains("place:lane-1: 2 of 1 changes"));
    assert!(topic(Vec::clear).contains("place:lane-1: 0 of 1 changes"), "all of it");
    let heard = |breaking: fn(&mut Vec<Sent>)| found(|account| breaking(&mut account.heard));
    assert!(heard(|heard| drop(heard.remove(1))).contains("the stream did not tell"));
    assert!(heard(|heard| heard.swap(1, 2)).contains("the stream did not tell"));
    assert_eq!(heard(|heard| drop(heard.pop())), "", "what came after it was heard is no finding");
}

#[test]
fn a_belief_that_is_not_what_a_replay_comes_to_is_found() {
    let at = "ENGINE §11: unattended at place:cr-guomao";
    assert!(found_at_rest(|rest| rest.believed.clear()).contains(at));
    assert!(found_at_rest(|rest| rest.replayed.clear()).contains(at));
    let row = |breaking: fn(&mut Believed)| found_at_rest(|rest| rest.believed.values_mut().for_each(breaking));
    assert!(row(|believed| believed.state = State::Easing).contains(at));
    assert!(row(|believed| believed.since = Some(1)).contains(at));
    assert!(row(|believed| believed.blind = true).contains(at));
    assert!(row(|believed| believed.episode = None).contains(at));
}

#[test]
fn a_repeat_on_the_topic_is_no_finding() {
    let repeat = |rest: &mut Rest| {
        rest.cases.push(rest.cases[5].clone());
        rest.conditions.push(rest.conditions[0].clone());
    };
    assert_eq!(found_at_rest(repeat), "");
}

#[test]
fn an_end_that_comes_twice_is_found() {
    let twice =
        |account: &mut Account| account.ended.extend([("cr-guomao".to_owned(), 5), ("cr-guomao".to_owned(), 5)]);
    assert!(found(twice).contains("ended twice"));
}

#[test]
fn a_standing_incident_whose_case_is_over_is_found() {
    let over = |account: &mut Account| account.cases[0].0.state = CaseState::Closed;
    assert!(found(over).contains("is no live case"));
}

#[test]
fn a_report_in_another_case_or_in_none_is_found() {
    let elsewhere = |account: &mut Account| {
        let told = account.reports.values_mut().next().unwrap();
        "case_ffeeddccbbaa99887766554433221100".clone_into(told);
    };
    assert!(found(elsewhere).contains("was told case_ffee"));
    let none = |account: &mut Account| {
        account.reports.insert("r-9".to_owned(), "case_1".to_owned());
    };
    assert!(found(none).contains("report r-9 was told case_1 and is in []"));
}

#[test]
fn a_change_that_was_told_or_published_otherwise_is_found() {
    let told = |account: &mut Account| account.told[3].1.state = CaseState::Closed;
    assert!(found(told).contains("the stream: ") && found(told).contains("not what its changes come to"));
    assert!(found_at_rest(|rest| rest.cases[3].1.state = CaseState::Closed).contains("the topic of cases: "));
}

#[test]
fn a_reader_that_resumes_and_misses_one_is_found() {
    let gap = |account: &mut Account| account.resumed.as_mut().unwrap().1.retain(|number| *number != 6);
    assert!(found(gap).contains("resumes after 4"));
    let again = |account: &mut Account| account.resumed.as_mut().unwrap().1.insert(1, 5);
    assert!(found(again).contains("resumes after 4"));
}
