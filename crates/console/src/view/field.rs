//! The field page of one seat: what, where, how long, and the one thing to do next.

use muster_domain::case::{Case, CaseEvent, CaseState, ClockKind, Happened, Seat, SeatState};
use muster_domain::geo::Position;

use crate::map::{self, Frame, MapView};
use crate::phrase::{self, When};
use crate::scene::Scene;
use crate::text::Text;
use crate::view::parts::{self, Left, SeatView};
use crate::view::report::{self, File};
use crate::view::why::{self, Line};
use crate::wording;

/// What stands behind a field link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// Nobody has posted yet: the first post asks for a name.
    Nobody,
    /// The device that asks.
    This(String),
}

/// The field page.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldView {
    /// The token of its link.
    pub token: String,
    /// The case's spoken number.
    pub number: String,
    /// Lead or assist, and the unit.
    pub seat: String,
    /// What kind of incident.
    pub kind: String,
    /// Where.
    pub place: String,
    /// Where by the words of those who reported it, if it has no place of ours.
    pub said: Vec<String>,
    /// What those who reported it point to.
    pub files: Vec<File>,
    /// The one line.
    pub why: Line,
    /// What would end it.
    pub ends: Option<String>,
    /// The three steps.
    pub steps: Vec<Step>,
    /// What is still to do, in order. The first is next; the others wait on the page for where there is no signal.
    pub next: Vec<NextStep>,
    /// The seat has ended: released, or the case is over.
    pub over: bool,
    /// It is done.
    pub done: bool,
    /// Time left for the next step.
    pub left: Option<Left>,
    /// The words after it.
    pub left_words: &'static str,
    /// The street around the place.
    pub map: Option<MapView>,
    /// `geo:` link for the telephone's own maps (RFC 5870).
    pub geo: Option<String>,
    /// The grid cell's name.
    pub grid: Option<String>,
    /// The number of the desk.
    pub desk: Option<String>,
    /// Who else comes.
    pub others: Vec<SeatView>,
    /// Reasons for giving it back.
    pub returns: Vec<&'static str>,
    /// The seat can be given back.
    pub returnable: bool,
    /// Who holds the link.
    pub holder: Holder,
    /// Photos handed in so far.
    pub photos: usize,
    /// Remarks made by this seat so far.
    pub notes: usize,
}

/// One of the three steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its command.
    pub command: &'static str,
    /// Its word.
    pub name: &'static str,
    /// `done`, `now` or `todo`.
    pub state: &'static str,
    /// When it was done.
    pub at: Option<When>,
}

/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextStep {
    /// The command.
    pub command: &'static str,
    /// The word on the button.
    pub label: &'static str,
    /// A photo goes with it.
    pub photo: bool,
}

/// The field page's map.
pub const MINI: Frame = Frame { name: "mini", w: 390.0, h: 160.0, head: 0.0 };

/// What the field page is drawn from.
#[derive(Debug, Clone, Copy)]
pub struct FieldData<'a> {
    /// The token of its link.
    pub token: &'a str,
    /// The case.
    pub case: &'a Case,
    /// Its journal.
    pub events: &'a [CaseEvent],
    /// The seat.
    pub seat: &'a Seat,
    /// Who holds the link.
    pub holder: &'a Holder,
    /// The number of the desk.
    pub desk: Option<&'a str>,
}

/// The field page of a seat.
#[must_use]
pub fn field(scene: &Scene<'_>, data: FieldData<'_>) -> FieldView {
    let look = scene.look;
    let FieldData { case, seat, .. } = data;
    let over = seat.state == SeatState::Returned || !case.state.is_live();
    let done = seat.state == SeatState::Done || (case.state == CaseState::Closed && !over);
    let next = if over { vec![] } else { still_to_do(scene, seat.state) };
    let at = whereabouts(scene, case);
    let class = case.place().and_then(|id| scene.place(id)).map_or("spot", |place| map::shape_of(place.class.as_str()));
    let (left, left_words) = time_left(scene, case, seat);
    FieldView {
        token: data.token.to_owned(),
        number: case.number.clone(),
        seat: seat_words(scene, seat),
        kind: scene.kind(&case.kind),
        place: scene.subject(case),
        said: said(scene, case),
        files: case.reports.iter().flat_map(|report| &report.attachments).map(File::from).collect(),
        why: why::line(scene, case),
        ends: why::ends(scene, case),
        steps: steps(scene, data.events, seat),
        over,
        done,
        left: left.filter(|_| !next.is_empty()),
        next,
        left_words,
        map: at.map(|at| map::draw_around(scene, at, class, MINI)),
        geo: at.map(|at| format!("geo:{:.6},{:.6}", at.lat(), at.lon())),
        grid: case.grid.as_ref().map(|grid| scene.grid(grid)),
        desk: data.desk.map(str::to_owned),
        others: case.live_seats().filter(|other| other.id != seat.id).map(|other| parts::seat(scene, other)).collect(),
        returns: [Text::WhyBusy, Text::WhyFar, Text::WhyNotOurJob].map(|text| look.t(text)).to_vec(),
        returnable: !over && matches!(seat.state, SeatState::Asked | SeatState::Accepted | SeatState::OnScene),
        holder: data.holder.clone(),
        photos: case.photos.len(),
        notes: data.events.iter().filter(|event| noted_by(event, seat)).count(),
    }
}

/// What was reported of where it is, once each.
fn said(scene: &Scene<'_>, case: &Case) -> Vec<String> {
    let mut said: Vec<String> = Vec::new();
    for place in
        case.reports.iter().filter(|_| case.place().is_none()).flat_map(|link| report::places(scene, case, link))
    {
        if !said.contains(&place) {
            said.push(place);
        }
    }
    said
}

fn noted_by(event: &CaseEvent, seat: &Seat) -> bool {
    matches!(&event.what, Happened::Noted(Some(id), _) if *id == seat.id)
}

fn whereabouts(scene: &Scene<'_>, case: &Case) -> Option<Position> {
    case.place().and_then(|id| scene.place(id)).and_then(map::whereabouts).or(case.position)
}

fn seat_words(scene: &Scene<'_>, seat: &Seat) -> String {
    let role = scene.look.t(wording::role(seat.role));
    match &seat.unit {
        Some(unit) => format!("{role} {}", scene.unit(unit)),
        None => role.to_owned(),
    }
}

fn still_to_do(scene: &Scene<'_>, state: SeatState) -> Vec<NextStep> {
    let taken = match state {
        SeatState::Asked => 0,
        SeatState::Accepted => 1,
        SeatState::OnScene => 2,
        SeatState::Wanted | SeatState::Done | SeatState::Returned => 3,
    };
    let all = [
        ("accept", Text::FieldDoAccept, false),
        ("arrived", Text::FieldDoArrive, true),
        ("done", Text::FieldDoDone, true),
    ];
    let step = |(command, label, photo)| NextStep { command, label: scene.look.t(label), photo };
    all.into_iter().skip(taken).map(step).collect()
}

fn steps(scene: &Scene<'_>, events: &[CaseEvent], seat: &Seat) -> Vec<Step> {
    let at = |wanted: fn(&Happened) -> Option<(&muster_domain::id::SeatId, Option<i64>)>| {
        events.iter().rev().find_map(|event| {
            let (id, since) = wanted(&event.what)?;
            (*id == seat.id).then(|| phrase::when(scene.look, since.unwrap_or(event.at.micros())))
        })
    };
    let accepted = at(|what| match what {
        Happened::Accepted(id) => Some((id, None)),
        _ => None,
    });
    let arrived = at(|what| match what {
        Happened::Arrived(id, since, _) => Some((id, Some(since.micros()))),
        _ => None,
    });
    let done = at(|what| match what {
        Happened::Done(id, since, _) => Some((id, Some(since.micros()))),
        _ => None,
    });
    let reached = match seat.state {
        SeatState::Wanted | SeatState::Asked | SeatState::Returned => 0,
        SeatState::Accepted => 1,
        SeatState::OnScene => 2,
        SeatState::Done => 3,
    };
    let names = [
        ("accept", Text::FieldAccept, accepted),
        ("arrived", Text::FieldArrive, arrived),
        ("done", Text::FieldDone, done),
    ];
    names
        .into_iter()
        .enumerate()
        .map(|(index, (command, name, at))| {
            let state = match index {
                index if index < reached => "done",
                index if index == reached && seat.state != SeatState::Returned => "now",
                _ => "todo",
            };
            Step { command, name: scene.look.t(name), state, at: at.filter(|_| state == "done") }
        })
        .collect()
}

/// The clock of the next step: the seat's own, else the whole case's.
fn time_left(scene: &Scene<'_>, case: &Case, seat: &Seat) -> (Option<Left>, &'static str) {
    let (kind, words) = match seat.state {
        SeatState::Asked => (ClockKind::Accept, Text::FieldLeftAccept),
        SeatState::Accepted => (ClockKind::Arrive, Text::FieldLeftArrive),
        _ => (ClockKind::Close, Text::FieldLeftClose),
    };
    let clock =
        case.clocks.iter().find(|clock| clock.kind == kind && clock.seat.as_ref().is_none_or(|id| *id == seat.id));
    (clock.map(|clock| parts::left(scene, clock.due)), scene.look.t(words))
}
