//! Which case of a docket answers what, and what the store was asked already.

use std::collections::{HashMap, HashSet};

use muster_domain::case::{Case, CaseEvent, Happened};
use muster_domain::condition::Subject;
use muster_domain::id::{CaseId, CaseKind, EpisodeId, SourceId, SourceName};

/// The cases of a docket by what they answer. What the store has said is not asked again: a miss counts as well.
#[derive(Debug, Default)]
pub(super) struct Known {
    subjects: HashMap<(CaseKind, Subject), Vec<CaseId>>,
    episodes: HashMap<EpisodeId, Option<CaseId>>,
    reports: HashMap<(SourceName, SourceId), Option<CaseId>>,
    live: HashSet<(CaseKind, Subject)>,
    ended: HashSet<(CaseKind, Subject)>,
}

impl Known {
    /// A case came onto the docket.
    pub(super) fn case(&mut self, case: &Case) {
        self.subjects.entry((case.kind.clone(), case.subject.clone())).or_default().push(case.id.clone());
        for link in &case.episodes {
            self.episodes.insert(link.episode.clone(), Some(case.id.clone()));
        }
        for link in &case.reports {
            self.reports.insert((link.source.clone(), link.id.clone()), Some(case.id.clone()));
        }
    }

    /// Something happened to a case of the docket.
    pub(super) fn event(&mut self, event: &CaseEvent) {
        match &event.what {
            Happened::EpisodeBegan(link) => {
                self.episodes.insert(link.episode.clone(), Some(event.case.clone()));
            }
            Happened::Reported(link) => {
                self.reports.insert((link.source.clone(), link.id.clone()), Some(event.case.clone()));
            }
            _ => {}
        }
    }

    /// The cases of a kind and subject that are on the docket.
    pub(super) fn of_subject(&self, kind: &CaseKind, subject: &Subject) -> &[CaseId] {
        self.subjects.get(&(kind.clone(), subject.clone())).map_or(&[], Vec::as_slice)
    }

    /// The case of an episode; the outer `None` is that the store has to be asked.
    pub(super) fn of_episode(&self, episode: &EpisodeId) -> Option<Option<CaseId>> {
        self.episodes.get(episode).cloned()
    }

    /// The case of a report; the outer `None` is that the store has to be asked.
    pub(super) fn of_report(&self, source: &SourceName, id: &SourceId) -> Option<Option<CaseId>> {
        self.reports.get(&(source.clone(), id.clone())).cloned()
    }

    /// The store has said which case an episode belongs to.
    pub(super) fn episode(&mut self, episode: EpisodeId, case: Option<CaseId>) {
        self.episodes.entry(episode).or_insert(case);
    }

    /// The store has said which case a report belongs to.
    pub(super) fn report(&mut self, report: (SourceName, SourceId), case: Option<CaseId>) {
        self.reports.entry(report).or_insert(case);
    }

    /// Those kinds and subjects whose live case the store was not asked for yet; from now on it was.
    pub(super) fn live(&mut self, wanted: &[(CaseKind, Subject)]) -> Vec<(String, String)> {
        unasked(&mut self.live, wanted)
    }

    /// Those kinds and subjects whose last case the store was not asked for yet; from now on it was.
    pub(super) fn ended(&mut self, wanted: &[(CaseKind, Subject)]) -> Vec<(String, String)> {
        unasked(&mut self.ended, wanted)
    }
}

fn unasked(asked: &mut HashSet<(CaseKind, Subject)>, wanted: &[(CaseKind, Subject)]) -> Vec<(String, String)> {
    let new = wanted.iter().filter(|one| asked.insert((*one).clone()));
    new.map(|(kind, subject)| (kind.to_string(), subject.key())).collect()
}
