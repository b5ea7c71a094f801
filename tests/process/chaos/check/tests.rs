//! The checker finds what is broken: from an account that is in order, one thing is broken at a time.

use muster_domain::case::{CaseState, EpisodeLink};
use muster_domain::condition::State;
use muster_domain::id::{CaseId, EffectId};
use serde_json::json;

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
    let sent = |number, subject: &str, body: String| Sent { number, subject: subject.to_owned(), body };
    let change = |number| json!({ "change": number }).to_string();
    let of = |number, subject: &str| sent(number, subject, change(number));
    let heard = vec![of(2, "place:cr-guomao"), of(5, "place:cr-guomao"), of(6, "place:lane-1")];
    let row = |destination, sent| Row { destination, effect: None, sent };
    let mut outbox: Vec<Row> = heard.iter().map(|sent| row("condition", sent.clone())).collect();
    for (number, (event, case)) in [1, 3, 4, 7, 8, 9, 10].into_iter().zip(&told) {
        let payload = muster_wire::case::encode(event, case).payload;
        outbox.push(row("case", sent(number, case.id.as_str(), String::from_utf8(payload.to_vec()).unwrap())));
    }
    let asked = EffectId::of(case.seats[0].id.as_str(), "5").to_string();
    for (number, destination, of, effect) in
        [(11, "notice", case.id.as_str(), &*asked), (12, "act", "lane-1", "act-1"), (13, "act", "lane-1", "act-2")]
    {
        outbox.push(Row { destination, effect: Some(effect.to_owned()), sent: sent(number, of, "{}".to_owned()) });
    }
    outbox.sort_by_key(|row| row.sent.number);
    let feed = outbox[..10].iter().map(|row| (row.sent.number, serde_json::from_str(&row.sent.body).unwrap()));
    let acknowledged = Command { case: case.id.to_string(), what: "acknowledge", fate: Fate::Done };
    let episode = Some(case.episodes[0].episode.to_string());
    let present = Believed { state: State::Present, since: Some(begins), blind: false, episode };
    let believed: Beliefs = [("unattended at place:cr-guomao".to_owned(), present)].into();
    Account {
        expected: vec![ExpectedIncident { place: place.clone(), begins, shown: begins, ends: None }],
        began: vec![(place, begins)],
        reports: case.reports.iter().map(|report| (report.id.to_string(), case.id.to_string())).collect(),
        commands: [(String::new(), acknowledged)].into(),
        numbers: (1..=10).collect(),
        resumed: Some((4, (5..=10).collect())),
        followed: Some(feed.collect()),
        rest: Some(Rest {
            replayed: believed.clone(),
            believed,
            outbox,
            journals: vec![(case.id.to_string(), journal.clone())],
            carried_out: ["act-1", "act-2", "act-1"].map(|effect| ("act", effect.to_owned())).into(),
            cases: told.clone(),
            conditions: heard.clone(),
            ..Rest::default()
        }),
        cases: vec![(case, journal)],
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

#[test]
fn a_reader_who_was_cut_off_and_missed_one_is_found() {
    let heard = |breaking: fn(&mut Heard)| found(|account| breaking(account.followed.as_mut().unwrap()));
    assert!(heard(|heard| drop(heard.remove(3))).contains("went on after every cut heard 9 of 10"));
    assert!(heard(|heard| drop(heard.pop())).contains("went on after every cut"), "less than one who began afresh");
    assert!(heard(|heard| heard.insert(3, heard[3].clone())).contains("went on after every cut"));
    assert!(heard(|heard| heard.swap(3, 4)).contains("went on after every cut"));
    assert!(heard(|heard| heard[3].1 = json!({})).contains("went on after every cut"), "a resync, for one");
    assert_eq!(found(|account| account.rest.as_mut().unwrap().outbox.truncate(13)), "");
}

#[test]
fn an_effect_that_nobody_asked_for_or_that_was_not_carried_out_is_found() {
    let rows = |breaking: fn(&mut Vec<Row>)| found_at_rest(|rest| breaking(&mut rest.outbox));
    assert!(rows(|rows| drop(rows.remove(10))).contains("the journals ask Some"), "no notice");
    assert!(rows(|rows| rows[10].sent.subject.push('x')).contains("notice of case_"), "of another case");
    assert!(rows(|rows| rows[10].effect = Some("of nobody".to_owned())).contains("notice of case_"));
    assert!(rows(|rows| rows.push(Row { destination: "ladder", ..rows[12].clone() })).contains("ladder of lane-1"));
    assert!(rows(|rows| drop(rows.remove(11))).contains("the outbox has no 12"), "taken out");
    let carried =
        |breaking: fn(&mut Vec<(&'static str, String)>)| found_at_rest(|rest| breaking(&mut rest.carried_out));
    assert!(carried(|effects| drop(effects.drain(..2))).contains("act of lane-1: the outbox has"), "not all of them");
    assert!(carried(|effects| effects.swap(0, 1)).contains("act of lane-1"), "in another order");
    assert!(carried(Vec::clear).contains("act of lane-1"));
    assert!(found_at_rest(|rest| rest.journals.clear()).contains("notice of case_"), "nobody asked");
}

#[test]
fn a_command_that_was_lost_doubled_or_never_given_is_found() {
    let journal = |breaking: fn(&mut Vec<CaseEvent>)| found(|account| breaking(&mut account.cases[0].1));
    assert!(journal(|journal| drop(journal.pop())).contains("command : "), "lost");
    assert!(journal(|journal| journal.push(journal[6].clone())).contains("command : "), "doubled");
    assert!(found(|account| account.commands.clear()).contains("nobody commanded \"\""));
    let fate = |fate: Fate| found(|account| account.commands.get_mut("").unwrap().fate = fate);
    assert!(fate(Fate::Refused).contains("command : "), "refused, and done all the same");
    assert_eq!(fate(Fate::MaybeForgotten), "");
    let elsewhere = |account: &mut Account| account.commands.get_mut("").unwrap().case.push('x');
    assert!(found(elsewhere).contains("command : "), "to another case");
    let forgotten = |account: &mut Account| {
        account.commands.get_mut("").unwrap().fate = Fate::MaybeForgotten;
        let again = account.cases[0].1[6].clone();
        account.cases[0].1.push(again);
    };
    assert!(found(forgotten).contains("command : "), "not twice in any case");
}
