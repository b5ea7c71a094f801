//! The docket 事务簿: what one transaction decides, in memory, with the cases that it touches; looked up and written once.

mod beliefs;
mod known;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use muster_domain::case::{Actor, Case, CaseEvent, FiledAs, Happened};
use muster_domain::condition::Subject;
use muster_domain::effect::Effect;
use muster_domain::id::{CaseId, CaseKind, EpisodeId, GridId, SourceId, SourceName};
use muster_domain::lifecycle::{Command, Decision, Refusal, decide, file};
use muster_domain::time::Filed;
use muster_store::{CaseRow, ConditionBlind, ConditionMoved, EpisodeOf, OutboxRow, ReportOf, SeatRow, Tx};

use crate::PipelineError;
use crate::docs;
use crate::outbox;
use beliefs::Beliefs;
use known::Known;

/// What one transaction decides.
#[derive(Debug)]
pub(crate) struct Docket {
    now: Filed,
    cases: BTreeMap<CaseId, Touched>,
    known: Known,
    beliefs: Beliefs,
    outbox: Vec<OutboxRow>,
    settled: BTreeMap<(SourceName, SourceId), CaseId>,
    /// The number dealt last, by street and day.
    numbers: BTreeMap<(GridId, String), u64>,
}

#[derive(Debug)]
struct Touched {
    before: Option<Case>,
    case: Case,
    events: Vec<CaseEvent>,
    effects: Vec<Effect>,
}

/// What a docket did, for those who wait for it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Written {
    /// Journal entries written.
    pub events: Vec<CaseEvent>,
    /// Whether a seat is wanted now.
    pub wants_seat: bool,
    /// Cases that ended, by kind and outcome, for the counters.
    pub ended: Vec<(String, &'static str)>,
    /// Stages left, by kind and stage, with the seconds spent there.
    pub stages: Vec<(String, &'static str, f64)>,
}

/// What a docket will be asked for, so that the store is asked for all of it at once.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    pub episodes: BTreeSet<EpisodeId>,
    pub reports: BTreeSet<(SourceName, SourceId)>,
    /// Kinds and subjects whose live case may be needed, and those whose last one may.
    pub live: Vec<(CaseKind, Subject)>,
    pub ended: Vec<(CaseKind, Subject)>,
}

impl Docket {
    pub(crate) fn new(now: Filed) -> Self {
        Self {
            now,
            cases: BTreeMap::new(),
            known: Known::default(),
            beliefs: Beliefs::default(),
            outbox: vec![],
            settled: BTreeMap::new(),
            numbers: BTreeMap::new(),
        }
    }

    pub(crate) fn now(&self) -> Filed {
        self.now
    }

    pub(crate) fn case(&self, id: &CaseId) -> Option<&Case> {
        self.cases.get(id).map(|touched| &touched.case)
    }

    /// Every case of the docket, as it has become there.
    pub(crate) fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.values().map(|touched| &touched.case)
    }

    /// Brings a stored case onto the docket.
    pub(crate) async fn load(&mut self, tx: &mut Tx, id: &CaseId) -> Result<bool, PipelineError> {
        if !self.cases.contains_key(id) {
            let rows = tx.cases_by_id(&[id.as_str()]).await?;
            self.take(rows)?;
        }
        Ok(self.cases.contains_key(id))
    }

    /// Asks the store for everything at once. What is not asked for here is asked for when it is needed.
    pub(crate) async fn look_up(&mut self, tx: &mut Tx, wanted: &Wanted) -> Result<(), PipelineError> {
        self.look_up_links(tx, &wanted.episodes, &wanted.reports).await?;
        let live = self.known.live(&wanted.live);
        let rows = tx.cases_live(&live).await?;
        self.take(rows)?;
        let ended = self.known.ended(&wanted.ended);
        let rows = tx.cases_last_ended(&ended).await?;
        self.take(rows)
    }

    async fn look_up_links(
        &mut self,
        tx: &mut Tx,
        episodes: &BTreeSet<EpisodeId>,
        reports: &BTreeSet<(SourceName, SourceId)>,
    ) -> Result<(), PipelineError> {
        let names: Vec<&str> = episodes.iter().map(EpisodeId::as_str).collect();
        let of_episodes = tx.cases_of_episodes(&names).await?;
        let names: Vec<_> = reports.iter().map(|(source, id)| (source.to_string(), id.to_string())).collect();
        let of_reports = tx.cases_of_reports(&names).await?;
        let mut ids: Vec<&str> = of_episodes.iter().map(|link| link.case.as_str()).collect();
        ids.extend(of_reports.iter().map(|link| link.case.as_str()));
        ids.sort_unstable();
        ids.dedup();
        ids.retain(|id| !self.cases.contains_key(*id));
        let rows = tx.cases_by_id(&ids).await?;
        self.take(rows)?;
        let cases: HashMap<_, _> = of_episodes.iter().map(|link| (link.episode.as_str(), &link.case)).collect();
        for episode in episodes {
            let case = cases.get(episode.as_str()).map(|case| docs::case_id(case)).transpose()?;
            self.known.episode(episode.clone(), case);
        }
        let cases: HashMap<_, _> =
            of_reports.iter().map(|link| ((link.source.as_str(), link.id.as_str()), &link.case)).collect();
        for (source, id) in reports {
            let case = cases.get(&(source.as_str(), id.as_str())).map(|case| docs::case_id(case)).transpose()?;
            self.known.report((source.clone(), id.clone()), case);
        }
        Ok(())
    }

    /// Takes stored cases onto the docket. One that is there already stays as it has become there.
    fn take(&mut self, rows: Vec<CaseRow>) -> Result<(), PipelineError> {
        for row in rows {
            if self.cases.contains_key(row.id.as_str()) {
                continue;
            }
            let case = docs::case(&row.doc)?;
            self.known.case(&case);
            let touched = Touched { before: Some(case.clone()), case, events: vec![], effects: vec![] };
            self.cases.insert(touched.case.id.clone(), touched);
        }
        Ok(())
    }

    /// The live case of a kind and subject, on the docket or in the store.
    pub(crate) async fn live(
        &mut self,
        tx: &mut Tx,
        kind: &CaseKind,
        subject: &Subject,
    ) -> Result<Option<CaseId>, PipelineError> {
        if let Some(case) = self.live_here(kind, subject) {
            return Ok(Some(case));
        }
        let unasked = self.known.live(&[(kind.clone(), subject.clone())]);
        let rows = tx.cases_live(&unasked).await?;
        self.take(rows)?;
        // On the docket it may have ended in this very transaction.
        Ok(self.live_here(kind, subject))
    }

    fn live_here(&self, kind: &CaseKind, subject: &Subject) -> Option<CaseId> {
        let live = |id: &&CaseId| self.case(id).is_some_and(|case| case.state.is_live());
        self.known.of_subject(kind, subject).iter().find(live).cloned()
    }

    /// The case that ended last of a kind and subject.
    pub(crate) async fn last_ended(
        &mut self,
        tx: &mut Tx,
        kind: &CaseKind,
        subject: &Subject,
    ) -> Result<Option<CaseId>, PipelineError> {
        let unasked = self.known.ended(&[(kind.clone(), subject.clone())]);
        let rows = tx.cases_last_ended(&unasked).await?;
        self.take(rows)?;
        let here = self.known.of_subject(kind, subject).iter().filter_map(|id| self.case(id));
        Ok(here.filter(|case| !case.state.is_live()).max_by_key(|case| case.changed).map(|case| case.id.clone()))
    }

    /// The case that an episode is linked to.
    pub(crate) async fn of_episode(
        &mut self,
        tx: &mut Tx,
        episode: &EpisodeId,
    ) -> Result<Option<CaseId>, PipelineError> {
        if self.known.of_episode(episode).is_none() {
            self.look_up_links(tx, &BTreeSet::from([episode.clone()]), &BTreeSet::new()).await?;
        }
        Ok(self.known.of_episode(episode).flatten())
    }

    /// The case that a report is linked to.
    pub(crate) async fn of_report(
        &mut self,
        tx: &mut Tx,
        source: &SourceName,
        id: &SourceId,
    ) -> Result<Option<CaseId>, PipelineError> {
        if self.known.of_report(source, id).is_none() {
            let report = BTreeSet::from([(source.clone(), id.clone())]);
            self.look_up_links(tx, &BTreeSet::new(), &report).await?;
        }
        Ok(self.known.of_report(source, id).flatten())
    }

    /// The next number of a street on a day. Nobody else deals there until this transaction ends.
    pub(crate) async fn number(&mut self, tx: &mut Tx, street: &GridId, day: &str) -> Result<u64, PipelineError> {
        let key = (street.clone(), day.to_owned());
        let last = match self.numbers.get(&key) {
            Some(last) => *last,
            None => tx.case_number(street.as_str(), day).await?,
        };
        self.numbers.insert(key, last + 1);
        Ok(last + 1)
    }

    /// Files a new case.
    pub(crate) fn file(&mut self, id: CaseId, filed: FiledAs, by: &Actor) -> CaseId {
        let (case, Decision { events, effects }) = file(id.clone(), filed, by, self.now);
        self.known.case(&case);
        self.cases.insert(id.clone(), Touched { before: None, case, events, effects });
        id
    }

    /// Decides a command on a case of the docket; the case must have been loaded or filed before.
    pub(crate) fn decide(
        &mut self,
        id: &CaseId,
        by: &Actor,
        command: Command,
        reason: Option<String>,
    ) -> Result<&[CaseEvent], Refusal> {
        let Some(touched) = self.cases.get_mut(id) else { return Ok(&[]) };
        let decision = decide(&mut touched.case, by, command, reason, self.now)?;
        decision.events.iter().for_each(|event| self.known.event(event));
        let first = touched.events.len();
        touched.events.extend(decision.events);
        touched.effects.extend(decision.effects);
        Ok(&touched.events[first..])
    }

    /// A condition went to another state.
    pub(crate) fn moved(&mut self, row: ConditionMoved) {
        self.beliefs.moved(row);
    }

    /// A condition went blind or sees again.
    pub(crate) fn blind(&mut self, row: ConditionBlind) {
        self.beliefs.blind(row);
    }

    /// A condition's rule or place is gone.
    pub(crate) fn withdrawn(&mut self, id: String) {
        self.beliefs.withdrawn(id);
    }

    /// Something for outside that belongs to no case's journal.
    pub(crate) fn push(&mut self, row: OutboxRow) {
        self.outbox.push(row);
    }

    /// A case answers a report.
    pub(crate) fn settle(&mut self, source: &SourceName, id: &SourceId, case: CaseId) {
        self.settled.insert((source.clone(), id.clone()), case);
    }

    /// Writes where conditions stand. Before any number is dealt: whoever deals keeps others waiting until the end.
    pub(crate) async fn write_beliefs(&mut self, tx: &mut Tx) -> Result<(), PipelineError> {
        std::mem::take(&mut self.beliefs).write(tx).await?;
        Ok(tx.outbox_push(&std::mem::take(&mut self.outbox)).await?)
    }

    /// Writes everything that was decided. What ends makes room for what begins in its place: at no instant are there two
    /// live cases of one kind and subject.
    pub(crate) async fn write(mut self, tx: &mut Tx) -> Result<Written, PipelineError> {
        let mut written = Written::default();
        self.write_beliefs(tx).await?;
        let changed: Vec<Touched> = self.cases.into_values().filter(|touched| !touched.events.is_empty()).collect();
        let (live, ended): (Vec<_>, Vec<_>) = changed.into_iter().partition(|touched| touched.case.state.is_live());
        write_cases(tx, &ended).await?;
        write_cases(tx, &live).await?;
        let changed: Vec<Touched> = ended.into_iter().chain(live).collect();
        let events: Vec<_> = changed.iter().flat_map(|touched| docs::event_rows(&touched.events)).collect();
        write_links(tx, &changed).await?;
        tx.case_events_append(&events).await?;
        let seats: Vec<SeatRow> = changed.iter().flat_map(|touched| docs::seat_rows(&touched.case)).collect();
        tx.seats_put(&seats).await?;
        for touched in changed {
            let Touched { before, events, effects, .. } = &touched;
            self.outbox.extend(outbox::rows(before.as_ref(), events, effects, self.now)?);
            written.wants_seat |= docs::wants_seat(&touched.case);
            count(&touched, &mut written);
            written.events.extend(touched.events);
        }
        tx.outbox_push(&self.outbox).await?;
        let settled = self.settled.into_iter();
        let settled = settled.map(|((source, id), case)| report_of(source.as_str(), id.as_str(), case.as_str()));
        tx.reports_settled(&settled.collect::<Vec<_>>()).await?;
        let dealt = self.numbers.into_iter().map(|((street, day), last)| (street.to_string(), day, last));
        tx.case_numbers_dealt(&dealt.collect::<Vec<_>>()).await?;
        Ok(written)
    }
}

async fn write_cases(tx: &mut Tx, touched: &[Touched]) -> Result<(), PipelineError> {
    let (mut new, mut known) = (vec![], vec![]);
    for Touched { before, case, .. } in touched {
        match before {
            None => new.push(docs::case_row(case)),
            Some(before) => known.push((docs::case_row(case), docs::signed(before.version))),
        }
    }
    if tx.cases_update(&known).await? && tx.cases_insert(&new).await? {
        return Ok(());
    }
    Err(PipelineError::Conflict("cases/write"))
}

async fn write_links(tx: &mut Tx, touched: &[Touched]) -> Result<(), PipelineError> {
    let (mut episodes, mut reports) = (vec![], vec![]);
    for event in touched.iter().flat_map(|touched| &touched.events) {
        let case = event.case.as_str();
        match &event.what {
            Happened::EpisodeBegan(link) => {
                episodes.push(EpisodeOf { episode: link.episode.to_string(), case: case.to_owned() });
            }
            Happened::Reported(link) => reports.push(report_of(link.source.as_str(), link.id.as_str(), case)),
            _ => {}
        }
    }
    tx.episodes_link(&episodes).await?;
    Ok(tx.reports_link(&reports).await?)
}

fn report_of(source: &str, id: &str, case: &str) -> ReportOf {
    ReportOf { source: source.to_owned(), id: id.to_owned(), case: case.to_owned() }
}

fn count(touched: &Touched, written: &mut Written) {
    let kind = touched.case.kind.to_string();
    if let Some(before) = touched.before.as_ref().filter(|before| before.state != touched.case.state) {
        let spent = touched.case.changed.since(before.changed).micros() as f64 / 1e6;
        written.stages.push((kind.clone(), before.state.name(), spent));
    }
    for event in &touched.events {
        if let Happened::Ended(outcome) = &event.what {
            written.ended.push((kind.clone(), outcome.name()));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use muster_domain::id::{GridId, PlaceId};
    use muster_domain::record::Severity;
    use muster_rules::rulebook::DEFAULT_LIMITS;
    use muster_store::{Store, StoreSettings};

    use super::*;

    pub(crate) fn filed_as(number: &str) -> FiledAs {
        let street = GridId::parse("500103005").unwrap();
        FiledAs {
            number: number.to_owned(),
            kind: CaseKind::parse("street.litter").unwrap(),
            subject: Subject::Place(PlaceId::parse("lane-1").unwrap()),
            grid: None,
            jurisdiction: street,
            severity: Severity::MIDDLE,
            limits: DEFAULT_LIMITS,
            position: None,
            maybe_same: vec![],
        }
    }

    #[tokio::test]
    async fn a_case_may_end_and_another_begin_in_its_place_in_one_transaction() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        let store = Store::open(&StoreSettings { url, max_connections: 2 }).await.unwrap();
        store.migrate(0).await.unwrap();
        let desk = Actor::Desk("desk".to_owned());
        let (first, now) = (filed_as("C1"), Filed::from_micros(1));
        let ids = |opened_by: &str| CaseId::of(&first.kind, &first.subject.key(), opened_by);
        // Whichever of the two ids comes first.
        let mut standing = ids("0");
        let mut docket = Docket::new(now);
        docket.file(standing.clone(), first.clone(), &desk);
        let mut tx = store.begin().await.unwrap();
        docket.write(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        let mut sides = [false, false];
        for round in 1..40 {
            let mut tx = store.begin().await.unwrap();
            let mut docket = Docket::new(now);
            assert!(docket.load(&mut tx, &standing).await.unwrap());
            docket.decide(&standing, &desk, Command::Void, Some("录错了".to_owned())).unwrap();
            assert_eq!(docket.live(&mut tx, &first.kind, &first.subject).await.unwrap(), None);
            let next = ids(&round.to_string());
            sides[usize::from(next < standing)] = true;
            standing = docket.file(next, filed_as(&format!("C{}", round + 1)), &desk);
            docket.write(&mut tx).await.unwrap();
            tx.commit().await.unwrap();
        }
        assert_eq!(sides, [true, true], "both orders were tried");
    }
}
