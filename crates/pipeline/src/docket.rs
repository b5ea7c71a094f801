//! The docket 案卷: the cases that one transaction touches, decided in memory and written once.

use std::collections::BTreeMap;

use muster_domain::case::{Actor, Case, CaseEvent, FiledAs, Happened};
use muster_domain::condition::Subject;
use muster_domain::effect::Effect;
use muster_domain::id::{CaseId, CaseKind, EpisodeId, SourceId, SourceName};
use muster_domain::lifecycle::{Command, Decision, Refusal, decide, file};
use muster_domain::time::Filed;
use muster_store::Tx;

use crate::PipelineError;
use crate::docs;
use crate::outbox;

/// The cases that one transaction touches.
#[derive(Debug)]
pub(crate) struct Docket {
    now: Filed,
    cases: BTreeMap<CaseId, Touched>,
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

impl Docket {
    pub(crate) fn new(now: Filed) -> Self {
        Self { now, cases: BTreeMap::new() }
    }

    pub(crate) fn now(&self) -> Filed {
        self.now
    }

    pub(crate) fn case(&self, id: &CaseId) -> Option<&Case> {
        self.cases.get(id).map(|touched| &touched.case)
    }

    /// Brings a stored case onto the docket.
    pub(crate) async fn load(&mut self, tx: &mut Tx, id: &CaseId) -> Result<bool, PipelineError> {
        if self.cases.contains_key(id) {
            return Ok(true);
        }
        let Some(row) = tx.case_by_id(id.as_str()).await? else { return Ok(false) };
        self.take(docs::case(&row.doc)?);
        Ok(true)
    }

    fn take(&mut self, case: Case) -> CaseId {
        let id = case.id.clone();
        self.cases.entry(id.clone()).or_insert_with(|| Touched {
            before: Some(case.clone()),
            case,
            events: vec![],
            effects: vec![],
        });
        id
    }

    /// The live case of a kind and subject, on the docket or in the store.
    pub(crate) async fn live(
        &mut self,
        tx: &mut Tx,
        kind: &CaseKind,
        subject: &Subject,
    ) -> Result<Option<CaseId>, PipelineError> {
        let here = self.cases.values().find(|touched| {
            touched.case.state.is_live() && touched.case.kind == *kind && touched.case.subject == *subject
        });
        if let Some(touched) = here {
            return Ok(Some(touched.case.id.clone()));
        }
        let Some(row) = tx.live_case(kind.as_str(), &subject.key()).await? else { return Ok(None) };
        let stored = docs::case(&row.doc)?;
        // On the docket it may have ended in this very transaction.
        if self.cases.contains_key(&stored.id) { Ok(None) } else { Ok(Some(self.take(stored))) }
    }

    /// The case that ended last of a kind and subject.
    pub(crate) async fn last_ended(
        &mut self,
        tx: &mut Tx,
        kind: &CaseKind,
        subject: &Subject,
    ) -> Result<Option<CaseId>, PipelineError> {
        let here = self.cases.values().find(|touched| touched.case.kind == *kind && touched.case.subject == *subject);
        if let Some(touched) = here {
            return Ok(Some(touched.case.id.clone()));
        }
        let Some(row) = tx.last_closed_case(kind.as_str(), &subject.key()).await? else { return Ok(None) };
        Ok(Some(self.take(docs::case(&row.doc)?)))
    }

    /// The case that an episode is linked to.
    pub(crate) async fn of_episode(
        &mut self,
        tx: &mut Tx,
        episode: &EpisodeId,
    ) -> Result<Option<CaseId>, PipelineError> {
        let here =
            self.cases.values().find(|touched| touched.case.episodes.iter().any(|link| link.episode == *episode));
        if let Some(touched) = here {
            return Ok(Some(touched.case.id.clone()));
        }
        let Some(id) = tx.case_of_episode(episode.as_str()).await? else { return Ok(None) };
        let id = docs::case_id(&id)?;
        self.load(tx, &id).await?;
        Ok(Some(id))
    }

    /// The case that a report is linked to.
    pub(crate) async fn of_report(
        &mut self,
        tx: &mut Tx,
        source: &SourceName,
        id: &SourceId,
    ) -> Result<Option<CaseId>, PipelineError> {
        let here = self
            .cases
            .values()
            .find(|touched| touched.case.reports.iter().any(|link| link.source == *source && link.id == *id));
        if let Some(touched) = here {
            return Ok(Some(touched.case.id.clone()));
        }
        let Some(case) = tx.case_of_report(source.as_str(), id.as_str()).await? else { return Ok(None) };
        let case = docs::case_id(&case)?;
        self.load(tx, &case).await?;
        Ok(Some(case))
    }

    /// Files a new case.
    pub(crate) fn file(&mut self, id: CaseId, filed: FiledAs, by: &Actor) -> CaseId {
        let (case, Decision { events, effects }) = file(id.clone(), filed, by, self.now);
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
        let first = touched.events.len();
        touched.events.extend(decision.events);
        touched.effects.extend(decision.effects);
        Ok(&touched.events[first..])
    }

    /// Writes every case that changed, its journal and its outbox rows. What ends makes room for what begins in its place:
    /// at no instant are there two live cases of one kind and subject.
    pub(crate) async fn write(self, tx: &mut Tx) -> Result<Written, PipelineError> {
        let mut written = Written::default();
        let mut changed: Vec<Touched> = self.cases.into_values().filter(|touched| !touched.events.is_empty()).collect();
        changed.sort_by_key(|touched| touched.case.state.is_live());
        for touched in changed {
            let case = &touched.case;
            let row = docs::case_row(case);
            let first = match &touched.before {
                None => tx.insert_case(&row).await?.is_inserted(),
                Some(before) => tx.update_case(&row, docs::signed(before.version)).await?,
            };
            if !first {
                return Err(PipelineError::Conflict("cases/write"));
            }
            write_links(tx, &touched).await?;
            tx.case_events_append(&docs::event_rows(&touched.events)).await?;
            tx.seats_put(case.id.as_str(), &docs::seat_rows(case)).await?;
            let rows = outbox::rows(touched.before.as_ref(), &touched.events, &touched.effects, self.now)?;
            tx.outbox_push(&rows).await?;
            written.wants_seat |= row.wants_seat;
            count(&touched, &mut written);
            written.events.extend(touched.events);
        }
        Ok(written)
    }
}

async fn write_links(tx: &mut Tx, touched: &Touched) -> Result<(), PipelineError> {
    let case = touched.case.id.as_str();
    for event in &touched.events {
        match &event.what {
            Happened::EpisodeBegan(link) => tx.link_episode(link.episode.as_str(), case).await?,
            Happened::Reported(link) => tx.link_report(link.source.as_str(), link.id.as_str(), case).await?,
            _ => {}
        }
    }
    Ok(())
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
mod tests {
    use muster_domain::id::{GridId, PlaceId};
    use muster_domain::record::Severity;
    use muster_rules::rulebook::DEFAULT_LIMITS;
    use muster_store::{Store, StoreSettings};

    use super::*;

    fn filed_as(number: &str) -> FiledAs {
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
