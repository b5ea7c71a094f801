//! A case is the replay of its journal: each entry applied in turn, with no decision left to make.

use crate::case::{
    Case, CaseEvent, CaseOutcome, CaseState, Clock, ClockKind, FiledAs, Happened, ReportLink, Role, Round, Seat,
    SeatState, WantedSeat,
};
use crate::id::SeatId;
use crate::time::{Filed, Span};

/// A journal that is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// There is nothing, or the first entry files nothing.
    #[error("the journal does not begin with the filing of a case")]
    NotFiled,
    /// Entries are missing, doubled or of another case.
    #[error("the journal breaks at entry {0}")]
    Broken(u64),
}

impl Case {
    /// The case as filed by its first journal entry.
    #[must_use]
    pub fn filed(event: &CaseEvent, filed: FiledAs) -> Self {
        let close = clock(ClockKind::Close, None, event.at, filed.limits.close);
        Self {
            id: event.case.clone(),
            number: filed.number,
            kind: filed.kind,
            subject: filed.subject,
            grid: filed.grid,
            jurisdiction: filed.jurisdiction,
            position: filed.position,
            severity: filed.severity,
            state: CaseState::Filed,
            outcome: None,
            version: event.version,
            filed: event.at,
            changed: event.at,
            acknowledged: None,
            limits: filed.limits,
            episodes: vec![],
            reports: vec![],
            seats: vec![],
            clocks: vec![close],
            photos: vec![],
            maybe_same: filed.maybe_same,
            round: Round::default(),
        }
    }

    /// The case that a whole journal comes to.
    ///
    /// # Errors
    /// [`ReplayError`] if the journal does not begin with a filing, or has a gap.
    pub fn replay(journal: &[CaseEvent]) -> Result<Self, ReplayError> {
        let (first, rest) = journal.split_first().ok_or(ReplayError::NotFiled)?;
        let Happened::Filed(filed) = &first.what else { return Err(ReplayError::NotFiled) };
        let mut case = Self::filed(first, (**filed).clone());
        for event in rest {
            if event.case != case.id || event.version != case.version + 1 {
                return Err(ReplayError::Broken(event.version));
            }
            case.apply(event);
        }
        Ok(case)
    }

    /// Makes one journal entry so.
    pub fn apply(&mut self, event: &CaseEvent) {
        self.version = event.version;
        let before = self.state;
        match &event.what {
            Happened::Filed(_) | Happened::Noted(..) | Happened::Laddered(..) | Happened::LadderSkipped(_) => {}
            Happened::FoundReal | Happened::Acknowledged => {
                self.acknowledged.get_or_insert(event.at);
            }
            Happened::EpisodeBegan(link) => self.episodes.push(link.clone()),
            Happened::EpisodeEnded(id, at) => {
                for link in self.episodes.iter_mut().filter(|link| link.episode == *id && link.ended.is_none()) {
                    link.ended = Some(*at);
                }
            }
            Happened::Reported(report) => self.take_report(report),
            Happened::SeverityRaised(severity) => self.severity = *severity,
            Happened::SeatsWanted(seats) => {
                for want in seats {
                    self.want_seat(want, event.at);
                }
            }
            Happened::Asked(id, unit, why, fallback) => {
                self.move_seat(id, SeatState::Asked, event.at);
                if let Some(seat) = self.seat_mut(id) {
                    (seat.unit, seat.why, seat.fallback) = (Some(unit.clone()), Some(why.clone()), *fallback);
                }
                self.clocks.push(clock(ClockKind::Accept, Some(id), event.at, self.limits.accept));
            }
            Happened::NoRoute(id, why) => {
                if let Some(seat) = self.seat_mut(id) {
                    seat.why = Some(why.clone());
                }
            }
            Happened::Accepted(id) => {
                self.move_seat(id, SeatState::Accepted, event.at);
                self.clocks.push(clock(ClockKind::Arrive, Some(id), event.at, self.limits.arrive));
            }
            Happened::Arrived(id, _, false) => self.move_seat(id, SeatState::OnScene, event.at),
            Happened::Done(id, _, false) => self.move_seat(id, SeatState::Done, event.at),
            Happened::Returned(id, _) => self.move_seat(id, SeatState::Returned, event.at),
            Happened::Arrived(_, _, true) | Happened::Done(_, _, true) => {}
            Happened::Photo(_, picture, _) => self.photos.push(picture.clone()),
            Happened::PostChecked(true) => self.state = CaseState::PostChecked,
            Happened::PostChecked(false) => self.rework(event.at),
            Happened::PersonMustCheck => self.clocks.retain(|clock| clock.kind != ClockKind::PostCheck),
            Happened::Lapsed(kind, seat) => {
                for clock in self.clocks.iter_mut().filter(|clock| clock.kind == *kind && clock.seat == *seat) {
                    clock.lapsed = true;
                }
            }
            Happened::Ended(outcome) => self.end(*outcome),
            Happened::Reopened => self.reopen(event.at),
        }
        self.follow_lead(event.at);
        if self.state != before {
            self.changed = event.at;
        }
    }

    /// The case follows its lead seat; it is handled when the lead and every seat that accepted are done.
    fn follow_lead(&mut self, now: Filed) {
        if !self.state.is_live() || self.state == CaseState::PostChecked {
            return;
        }
        let engaged = self.live_seats().any(Seat::is_engaged);
        let state = match self.lead().map(|seat| seat.state) {
            None | Some(SeatState::Wanted | SeatState::Returned) => CaseState::Filed,
            Some(SeatState::Asked) => CaseState::Dispatched,
            Some(SeatState::Accepted) => CaseState::Accepted,
            Some(SeatState::OnScene) => CaseState::OnScene,
            Some(SeatState::Done) if engaged => CaseState::OnScene,
            Some(SeatState::Done) => CaseState::Handled,
        };
        if state == CaseState::Handled && self.state != CaseState::Handled {
            self.clocks.push(clock(ClockKind::PostCheck, None, now, self.limits.post_check));
        } else if state != CaseState::Handled {
            self.clocks.retain(|clock| clock.kind != ClockKind::PostCheck);
        }
        self.state = state;
    }

    fn take_report(&mut self, report: &ReportLink) {
        match self.reports.iter_mut().find(|known| known.source == report.source && known.id == report.id) {
            Some(known) => *known = report.clone(),
            None => self.reports.push(report.clone()),
        }
    }

    fn want_seat(&mut self, want: &WantedSeat, now: Filed) {
        self.seats.push(Seat {
            id: SeatId::of(&self.id, self.seats.len()),
            role: want.role,
            competence: want.competence.clone(),
            state: SeatState::Wanted,
            unit: None,
            why: None,
            passed_over: want.passed_over.clone(),
            fallback: false,
            changed: now,
        });
    }

    fn seat_mut(&mut self, id: &SeatId) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.id == *id)
    }

    fn move_seat(&mut self, id: &SeatId, state: SeatState, now: Filed) {
        if let Some(seat) = self.seat_mut(id) {
            (seat.state, seat.changed) = (state, now);
        }
        self.clocks.retain(|clock| clock.seat.as_ref() != Some(id));
    }

    /// 返工: the same unit again, with everything it has done kept.
    fn rework(&mut self, now: Filed) {
        let lead = self.live_seats().rev().find(|seat| seat.role == Role::Lead).map(|seat| seat.id.clone());
        if let Some(id) = lead {
            self.move_seat(&id, SeatState::Accepted, now);
            self.clocks.push(clock(ClockKind::Arrive, Some(&id), now, self.limits.arrive));
        }
        self.state = CaseState::Accepted;
    }

    fn end(&mut self, outcome: CaseOutcome) {
        self.state = if outcome == CaseOutcome::Void { CaseState::Void } else { CaseState::Closed };
        self.outcome = Some(outcome);
        self.clocks.clear();
    }

    fn reopen(&mut self, now: Filed) {
        self.state = CaseState::Filed;
        self.outcome = None;
        self.acknowledged = None;
        self.round = Round { episodes: self.episodes.len(), seats: self.seats.len() };
        self.clocks.push(clock(ClockKind::Close, None, now, self.limits.close));
    }
}

fn clock(kind: ClockKind, seat: Option<&SeatId>, started: Filed, limit: Span) -> Clock {
    Clock { kind, seat: seat.cloned(), started, due: started.plus(limit), lapsed: false }
}
