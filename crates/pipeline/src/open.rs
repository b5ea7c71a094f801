//! From conditions to cases (ENGINE §9): what a change of belief means for our accountable work.

use muster_domain::case::{Actor, Case, EpisodeLink, FiledAs, ReportLink, Role, WantedSeat};
use muster_domain::condition::{Change, Ended, EndedHow, Opened, State, Step, Subject};
use muster_domain::effect::{LadderAction, LadderEffect, SPEECH_EXPIRES};
use muster_domain::geo::Position;
use muster_domain::id::{CaseId, CaseKind, Competence, GridId};
use muster_domain::lifecycle::Command;
use muster_domain::record::{Report, Severity};
use muster_domain::text::Words;
use muster_rules::config::Config;
use muster_rules::rulebook::{CaseKindSpec, DEFAULT_LIMITS, Respond, Rule, SeatSpec};
use muster_store::Tx;

use crate::PipelineError;
use crate::docket::{Docket, Wanted};
use crate::docs;
use crate::numbering::Numbering;
use crate::outbox;

/// How near another live case of the same kind must be to be named as possibly the same, in metres.
const NEARBY_METRES: f64 = 100.0;

/// What the journal of a case says whose episode nobody can see to end.
const UNSEEN: &str = "已无从看到它是否结束，由人判断 · whether it is over cannot be seen any more: a person decides";

/// Decides what changes and reports mean, on one docket in one transaction.
#[derive(Debug)]
pub(crate) struct Opener<'a> {
    pub(crate) config: &'a Config,
    pub(crate) numbering: &'a Numbering,
}

impl Opener<'_> {
    /// What changes and reports will ask a docket for.
    pub(crate) fn wants(&self, wanted: &mut Wanted, changes: &[Change], report: Option<&Report>) {
        for change in changes {
            match change {
                Change::Opened(opened) => {
                    let incident = (opened.kind.clone(), opened.key.subject.clone());
                    wanted.episodes.insert(opened.episode.clone());
                    wanted.ended.extend(self.rule(&opened.key.rule).map(|_| incident.clone()));
                    wanted.live.push(incident);
                }
                Change::Ended(Ended { episode, .. }) | Change::Step(Step { episode, .. }) => {
                    wanted.episodes.insert(episode.clone());
                }
                Change::Moved(_) | Change::Blind(_) => {}
            }
        }
        if let Some(report) = report {
            wanted.reports.insert((report.source.clone(), report.id.clone()));
            wanted.live.push((report.kind.clone(), subject_of(report)));
        }
    }

    /// Carries one change of the watch into conditions.
    pub(crate) fn belief(&self, docket: &mut Docket, change: &Change) {
        match change {
            Change::Moved(moved) => {
                if let Some(episode) = &moved.episode {
                    let (rule, subject) = (&moved.key.rule, moved.key.subject.key());
                    let (from, to) = (moved.from.name(), moved.to.name());
                    tracing::info!(%episode, %rule, subject, from, to, "a condition moved");
                }
                // Nothing goes back to `unknown` but what is withdrawn: its row goes too.
                match moved.to {
                    State::Unknown => docket.withdrawn(docs::condition_id(&moved.key)),
                    _ => docket.moved(docs::condition_moved(moved, self.config)),
                }
                docket.push(outbox::condition(change, docket.now()));
            }
            Change::Blind(blind) => {
                docket.blind(docs::condition_blind(blind, self.config));
                docket.push(outbox::condition(change, docket.now()));
            }
            Change::Opened(_) | Change::Ended(_) | Change::Step(_) => {}
        }
    }

    /// Carries one change of the watch into cases.
    pub(crate) async fn change(&self, tx: &mut Tx, docket: &mut Docket, change: &Change) -> Result<(), PipelineError> {
        match change {
            Change::Moved(_) | Change::Blind(_) => {}
            Change::Opened(opened) => self.opened(tx, docket, opened).await?,
            Change::Ended(ended) => self.ended(tx, docket, ended).await?,
            Change::Step(step) => self.step(tx, docket, step).await?,
        }
        Ok(())
    }

    async fn opened(&self, tx: &mut Tx, docket: &mut Docket, opened: &Opened) -> Result<(), PipelineError> {
        let subject = &opened.key.subject;
        let by = Actor::Watch(opened.key.rule.clone());
        let link = EpisodeLink {
            episode: opened.episode.clone(),
            rule: opened.key.rule.clone(),
            rule_version: opened.rule_version,
            began: opened.began,
            ended: None,
            reason: opened.reason.clone(),
        };
        if docket.of_episode(tx, &opened.episode).await?.is_some() {
            return Ok(());
        }
        let case = match docket.live(tx, &opened.kind, subject).await? {
            Some(case) => case,
            None => match self.reopens(tx, docket, opened).await? {
                Some(case) => case,
                None => {
                    let id = CaseId::of(&opened.kind, &subject.key(), opened.episode.as_str());
                    let at = Whereabouts::of(self.config, subject);
                    let filed = self.filed_as(tx, docket, (&opened.kind, subject), opened.severity, &at).await?;
                    docket.file(id, filed, &by)
                }
            },
        };
        tracing::info!(%case, kind = %opened.kind, episode = %opened.episode, rule = %opened.key.rule, "an episode has its case");
        docket.decide(&case, &by, Command::EpisodeBegan(link), None)?;
        Ok(())
    }

    /// The case that ended within `reopen_within` and not by a person's word: it is the same one again.
    async fn reopens(
        &self,
        tx: &mut Tx,
        docket: &mut Docket,
        opened: &Opened,
    ) -> Result<Option<CaseId>, PipelineError> {
        use muster_domain::case::CaseOutcome as Outcome;
        let Some(within) = self.rule(&opened.key.rule).map(|rule| rule.reopen_within) else { return Ok(None) };
        let Some(id) = docket.last_ended(tx, &opened.kind, &opened.key.subject).await? else { return Ok(None) };
        let Some(case) = docket.case(&id) else { return Ok(None) };
        let seen_to_end = matches!(case.outcome, Some(Outcome::DrivenOff | Outcome::Cleared | Outcome::Handled));
        let recent = docket.now().since(case.changed) <= within;
        Ok((seen_to_end && recent).then_some(id))
    }

    async fn ended(&self, tx: &mut Tx, docket: &mut Docket, ended: &Ended) -> Result<(), PipelineError> {
        // A retrospective episode never had a case: its journal is the condition's own history.
        let Some(case) = docket.of_episode(tx, &ended.episode).await? else { return Ok(()) };
        let by = Actor::Watch(ended.key.rule.clone());
        if ended.how == EndedHow::Withdrawn {
            // Nobody saw it end, so it stands on the case until a person says that it is over (ENGINE §10).
            if docket.case(&case).is_some_and(|case| case.state.is_live()) {
                docket.decide(&case, &by, Command::Note(None), Some(UNSEEN.to_owned()))?;
            }
            return Ok(());
        }
        docket.decide(&case, &by, Command::EpisodeEnded(ended.episode.clone(), ended.at), None)?;
        Ok(())
    }

    async fn step(&self, tx: &mut Tx, docket: &mut Docket, step: &Step) -> Result<(), PipelineError> {
        let Some(case) = docket.of_episode(tx, &step.episode).await? else { return Ok(()) };
        let Some(rule) = self.rule(&step.key.rule) else { return Ok(()) };
        let Some(respond) = rule.respond.get(usize::from(step.step)) else { return Ok(()) };
        let by = Actor::Watch(step.key.rule.clone());
        let acknowledged = docket.case(&case).is_some_and(|case| !case.state.is_live());
        if let Some(why) = step.skipped.clone().or_else(|| acknowledged.then(|| "the case has ended".to_owned())) {
            docket.decide(&case, &by, Command::LadderSkipped(why), None)?;
            return Ok(());
        }
        if let Some((name, what)) = action(respond) {
            let effect = self.ladder_effect(docket, step, &case, &name, what);
            if let Some(effect) = effect {
                docket.push(outbox::ladder(&effect, docket.now())?);
                docket.decide(&case, &by, Command::Laddered(effect.id, name), None)?;
            }
        }
        if !respond.seats.is_empty() {
            docket.decide(&case, &by, Command::WantSeats(wanted(&respond.seats)), None)?;
        }
        Ok(())
    }

    fn ladder_effect(
        &self,
        docket: &Docket,
        step: &Step,
        case: &CaseId,
        name: &str,
        what: LadderAction,
    ) -> Option<LadderEffect> {
        Some(LadderEffect {
            id: docs::ladder_effect_id(&step.episode, usize::from(step.step), name),
            case: case.clone(),
            episode: step.episode.clone(),
            rule: step.key.rule.clone(),
            place: step.key.subject.place()?.clone(),
            name: name.to_owned(),
            what,
            not_after: docket.now().plus(SPEECH_EXPIRES),
        })
    }

    fn rule(&self, id: &muster_domain::id::RuleId) -> Option<&Rule> {
        self.config.rule(id).map(AsRef::as_ref)
    }

    /// What is known of a kind; one that the rule book does not know goes to the coordination post 综合协调岗.
    fn case_kind(&self, kind: &CaseKind) -> CaseKindSpec {
        self.config.rulebook.case_kind(kind).cloned().unwrap_or_else(|| CaseKindSpec {
            kind: kind.clone(),
            name: Words::new(kind.as_str(), kind.as_str()),
            severity: Severity::MIDDLE,
            limits: DEFAULT_LIMITS,
            seats: Competence::parse("coordination")
                .map(|competence| SeatSpec { role: Role::Lead, competence })
                .into_iter()
                .collect(),
        })
    }

    /// Carries one report into a case: it opens or attaches at once, whoever came first.
    pub(crate) async fn report(
        &self,
        tx: &mut Tx,
        docket: &mut Docket,
        report: &Report,
    ) -> Result<CaseId, PipelineError> {
        let link = ReportLink::from(report);
        let by = Actor::Source(report.source.clone());
        let key = format!("{}/{}", report.source, report.id);
        let subject = subject_of(report);
        let known = docket.of_report(tx, &report.source, &report.id).await?;
        let case = match known {
            Some(case) => case,
            None => match docket.live(tx, &report.kind, &subject).await? {
                Some(case) => case,
                None => {
                    let kind = self.case_kind(&report.kind);
                    let severity = report.severity.unwrap_or(kind.severity);
                    let at = Whereabouts::reported(self.config, report);
                    let filed = self.filed_as(tx, docket, (&report.kind, &subject), severity, &at).await?;
                    let case = docket.file(CaseId::of(&report.kind, &subject.key(), &key), filed, &by);
                    docket.decide(&case, &by, Command::Report(link.clone()), None)?;
                    docket.decide(&case, &by, Command::WantSeats(wanted(&kind.seats)), None)?;
                    case
                }
            },
        };
        tracing::info!(%case, kind = %report.kind, "a report has its case");
        docket.decide(&case, &by, Command::Report(link), None)?;
        Ok(case)
    }

    async fn filed_as(
        &self,
        tx: &mut Tx,
        docket: &mut Docket,
        (kind, subject): (&CaseKind, &Subject),
        severity: Severity,
        at: &Whereabouts,
    ) -> Result<FiledAs, PipelineError> {
        let jurisdiction = at.jurisdiction(self.config, &self.numbering.jurisdiction);
        // First the number: who has it has waited for those who dealt before, and sees what they filed nearby.
        let number = self.numbering.next(tx, docket, &jurisdiction).await?;
        let maybe_same = match (subject, at.position) {
            (Subject::Report(_), Some(position)) => near(tx, docket, kind, position).await?,
            _ => vec![],
        };
        Ok(FiledAs {
            number,
            kind: kind.clone(),
            subject: subject.clone(),
            grid: at.grid.clone(),
            jurisdiction,
            severity,
            limits: self.case_kind(kind).limits,
            position: at.position,
            maybe_same,
        })
    }
}

/// Where an incident is, as far as anybody knows.
#[derive(Debug, Default)]
struct Whereabouts {
    grid: Option<GridId>,
    position: Option<Position>,
}

impl Whereabouts {
    fn of(config: &Config, subject: &Subject) -> Self {
        let place = match subject {
            Subject::Place(place) => Some(place),
            Subject::Device(device) => config
                .catalogue
                .devices
                .get(device)
                .and_then(|device| device.places.first())
                .map(|covered| &covered.place),
            Subject::Adapter(_) | Subject::Report(_) => None,
        };
        let Some(place) = place.and_then(|id| config.catalogue.places.get(id)) else { return Self::default() };
        let position = place.position.or_else(|| place.geometry.as_ref().map(muster_domain::geo::Geometry::middle));
        Self { grid: place.grid.clone(), position }
    }

    fn reported(config: &Config, report: &Report) -> Self {
        let mut at = match &report.place {
            Some(place) => Self::of(config, &Subject::Place(place.clone())),
            None => Self::default(),
        };
        at.position = report.location.or(at.position);
        // A cell that the catalogue does not know says nothing: the other words count, or the case is to be located.
        let said = report.grid.as_ref().filter(|cell| config.catalogue.grid.contains_key(*cell));
        at.grid = said.cloned().or(at.grid).or_else(|| {
            at.position.and_then(|position| config.catalogue.cell_at(position)).map(|cell| cell.id.clone())
        });
        at
    }

    /// The street that the grid cell lies in, else the one that the settings name.
    fn jurisdiction(&self, config: &Config, default: &GridId) -> GridId {
        use muster_domain::catalogue::GridLevel;
        let street = self.grid.as_ref().and_then(|grid| {
            config
                .catalogue
                .ancestry(grid)
                .find(|id| config.catalogue.grid.get(*id).is_some_and(|cell| cell.level == GridLevel::Street))
        });
        street.unwrap_or(default).clone()
    }
}

/// What a report is about: its place, or itself where nobody knows a place.
fn subject_of(report: &Report) -> Subject {
    match &report.place {
        Some(place) => Subject::Place(place.clone()),
        None => Subject::Report(format!("{}/{}", report.source, report.id)),
    }
}

/// The live cases of a kind nearby: those of the docket as they are there, then the store's.
async fn near(tx: &mut Tx, docket: &Docket, kind: &CaseKind, at: Position) -> Result<Vec<CaseId>, PipelineError> {
    let within = |case: &Case| case.position.is_some_and(|other| other.metres_to(at) <= NEARBY_METRES);
    let here = docket.cases().filter(|case| case.kind == *kind && case.state.is_live() && within(case));
    let mut found: Vec<CaseId> = here.map(|case| case.id.clone()).collect();
    for row in tx.live_cases_near(kind.as_str(), at.lon(), at.lat(), NEARBY_METRES).await? {
        let case = docs::case(&row.doc)?;
        if docket.case(&case.id).is_none() && within(&case) {
            found.push(case.id);
        }
    }
    Ok(found)
}

fn wanted(seats: &[SeatSpec]) -> Vec<WantedSeat> {
    seats
        .iter()
        .map(|seat| WantedSeat { role: seat.role, competence: seat.competence.clone(), passed_over: vec![] })
        .collect()
}

fn action(respond: &Respond) -> Option<(String, LadderAction)> {
    match (&respond.call, &respond.warn) {
        (Some(name), _) => Some((name.clone(), LadderAction::Call)),
        (None, Some(words)) => Some(("warn".to_owned(), LadderAction::Warn(words.clone()))),
        (None, None) => None,
    }
}
