//! The board: what waits for a decision, what is in hand, what cannot be seen, and the counts of the header.

use std::collections::BTreeSet;

use muster_domain::case::Case;
use muster_domain::condition::Subject;
use muster_domain::id::CaseId;

use crate::map::{self, MapView};
use crate::scene::{ConditionNow, LastHour, Scene};
use crate::tone::{self, Tone, standing_of};
use crate::view::case::{Card, CaseView, card};
use crate::view::hour::{HourView, hour};
use crate::view::need;
use crate::view::parts::{Counted, Lasted};

/// The whole board.
#[derive(Debug, Clone, PartialEq)]
pub struct BoardView {
    /// The counts of the header.
    pub counts: Counts,
    /// What waits for a decision, most pressing first.
    pub waiting: Vec<Card>,
    /// What is in hand.
    pub working: Vec<Card>,
    /// Cases of things that cannot be seen.
    pub blind_cases: Vec<Card>,
    /// Places that cannot be seen and have no case yet.
    pub blind_places: Vec<BlindRow>,
    /// The street in each box.
    pub maps: Vec<MapView>,
    /// How many places have each tone.
    pub legend: Vec<(Tone, usize)>,
    /// The last 60 minutes.
    pub hour: HourView,
    /// The selected case.
    pub pane: Option<CaseView>,
    /// The case was chosen by the reader, not by us.
    pub chosen: bool,
    /// There are more live cases than these, which are the most pressing ones.
    pub more: bool,
}

/// The counts of the header. Only what needs a person is loud.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Wait for a decision.
    pub waiting: Counted,
    /// A clock has run out.
    pub late: Counted,
    /// A clock runs out within five minutes.
    pub soon: Counted,
    /// Places that cannot be seen.
    pub blind: usize,
    /// In hand.
    pub working: Counted,
}

/// A place that cannot be seen and has no case yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlindRow {
    /// The place.
    pub place: String,
    /// For how long.
    pub lasted: Option<Lasted>,
}

/// What the board is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct BoardData<'a> {
    /// Live cases, the most pressing ones.
    pub cases: &'a [Case],
    /// There are more of them.
    pub more: bool,
    /// What the watch believes.
    pub conditions: &'a [ConditionNow],
    /// The last hour.
    pub hour: &'a LastHour,
    /// The case that the reader chose.
    pub chosen: Option<&'a CaseId>,
}

const SOON_SECS: i64 = 300;

/// The board without its pane: the caller fills it with the case of [`selection`].
#[must_use]
pub fn board(scene: &Scene<'_>, data: BoardData<'_>) -> BoardView {
    let now = scene.look.now;
    let live: Vec<&Case> = data.cases.iter().filter(|case| case.state.is_live()).collect();
    let selected = selection(scene, data);
    let (waiting, handed): (Vec<&Case>, Vec<&Case>) = live.iter().partition(|case| need::need(case, now).is_some());
    let unseen = |case: &&Case| matches!(case.subject, Subject::Device(_) | Subject::Adapter(_));
    let (blind, working): (Vec<&Case>, Vec<&Case>) = handed.into_iter().partition(unseen);
    let cards = |cases: Vec<&Case>| -> Vec<Card> {
        need::ranked(cases, now)
            .into_iter()
            .map(|case| Card { selected: selected.as_ref() == Some(&case.id), ..card(scene, case, data.conditions) })
            .collect()
    };
    let left = |case: &&&Case| need::seconds_left(case, now);
    let blind_subjects: BTreeSet<&Subject> = data
        .conditions
        .iter()
        .filter(|condition| condition.blind.is_some() && condition.subject.place().is_some())
        .map(|condition| &condition.subject)
        .collect();
    let is_soon = |left: i64| (0..SOON_SECS).contains(&left);
    let counted = |seen| Counted { seen, more: data.more };
    BoardView {
        counts: Counts {
            waiting: counted(waiting.len()),
            late: counted(live.iter().filter(|case| left(case).is_some_and(|left| left < 0)).count()),
            soon: counted(live.iter().filter(|case| left(case).is_some_and(is_soon)).count()),
            blind: blind_subjects.len(),
            working: counted(working.len()),
        },
        waiting: cards(waiting),
        working: cards(working),
        blind_cases: cards(blind),
        blind_places: blind_rows(scene, data.conditions),
        maps: [map::WIDE, map::MID, map::SLIM]
            .into_iter()
            .map(|frame| map::draw(scene, data.conditions, data.cases, selected.as_ref(), frame))
            .collect(),
        legend: legend(scene, data),
        hour: hour(scene, data.hour),
        pane: None,
        chosen: data.chosen.is_some(),
        more: data.more,
    }
}

/// The case in the pane: the chosen one, else the most pressing one that waits, else the most pressing of all.
#[must_use]
pub fn selection(scene: &Scene<'_>, data: BoardData<'_>) -> Option<CaseId> {
    if let Some(id) = data.chosen {
        return Some(id.clone());
    }
    let now = scene.look.now;
    let live: Vec<&Case> = data.cases.iter().filter(|case| case.state.is_live()).collect();
    let (waiting, rest): (Vec<&Case>, Vec<&Case>) = live.into_iter().partition(|case| need::need(case, now).is_some());
    let first = |cases: Vec<&Case>| need::ranked(cases, now).first().map(|case| case.id.clone());
    first(waiting).or_else(|| first(rest))
}

fn blind_rows(scene: &Scene<'_>, conditions: &[ConditionNow]) -> Vec<BlindRow> {
    let mut seen: BTreeSet<&Subject> = BTreeSet::new();
    let mut rows: Vec<BlindRow> = conditions
        .iter()
        .filter(|condition| condition.blind.is_some())
        .filter_map(|condition| {
            let place = condition.subject.place()?;
            if !seen.insert(&condition.subject) {
                return None;
            }
            let silence = tone::silence(scene, condition);
            Some(BlindRow {
                place: scene.place_name(place),
                lasted: silence.map(|span| Lasted::until_now(scene.look, span)),
            })
        })
        .collect();
    rows.sort_by_key(|row| (row.lasted.as_ref().and_then(|lasted| lasted.since_ms), row.place.clone()));
    rows
}

fn legend(scene: &Scene<'_>, data: BoardData<'_>) -> Vec<(Tone, usize)> {
    let tones: Vec<Tone> = scene
        .catalogue
        .places
        .keys()
        .map(|id| standing_of(&Subject::Place(id.clone()), data.conditions, data.cases).tone)
        .collect();
    Tone::ALL
        .into_iter()
        .map(|tone| (tone, tones.iter().filter(|other| **other == tone).count()))
        .filter(|(tone, count)| *count > 0 || *tone == Tone::Clear)
        .collect()
}
