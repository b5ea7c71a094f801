//! The desk: everything that screens and the API may read and do, in the domain's own words.

mod evidence;
mod letters;
mod links;
mod measure;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use muster_domain::case::{Case, CaseEvent};
use muster_domain::condition::{Change, State, Subject};
use muster_domain::id::{CaseId, SeatId};
use muster_log::EventLog;
use muster_rules::config::Config;
use muster_store::{CaseFilter, ConditionFilter, ConditionRow, Page, ReportRow, Store};
use muster_wire::api::LetterNews;
use tokio::time::timeout;

pub(crate) use evidence::evidence_file;
pub use evidence::{Evidence, EvidenceError, MAX_EVIDENCE_BYTES};
pub use letters::{Again, Letter, LetterError};
pub use links::{Holder, LinkError, LinkSecret};

use crate::PipelineError;
use crate::admit::{Admit, ReadReport};
use crate::clock::Clock;
use crate::configs::Configs;
use crate::docs;
use crate::doctor::{Doctor, Facts, Sight};
use crate::metrics::Metrics;
use crate::operate::{Operate, Order, OrderError};
use crate::outbox;
use crate::roles::{Part, Role};
use crate::wake::Wake;
use crate::watch::{Trouble, Troubles};

/// How long the database may take to say what time it is, before nobody knows.
const CLOCK: Duration = Duration::from_secs(2);

/// Reads and commands for screens and the API. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The store, to read.
    pub store: Store,
    /// The event log, for readiness.
    pub log: Arc<dyn EventLog>,
    /// Which configuration holds.
    pub configs: Configs,
    /// How commands get to cases.
    pub operate: Operate,
    /// How dead letters are taken again.
    pub admit: Admit,
    /// The clock.
    pub clock: Clock,
    /// The counters.
    pub metrics: Metrics,
    /// Who is woken.
    pub wake: Wake,
    /// Where evidence is kept.
    pub media: std::path::PathBuf,
    /// What field links are signed with.
    pub secret: LinkSecret,
    /// What makes reports of other systems' records, by the full name of their topic.
    pub foreign: Arc<BTreeMap<String, ReadReport>>,
    /// Who says what is wrong.
    pub doctor: Doctor,
    /// What this process does.
    pub roles: Vec<Role>,
    /// What its partitions do not get over.
    pub troubles: Troubles,
}

/// A condition as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Its row.
    pub row: ConditionRow,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Its state.
    pub state: State,
    /// The change that brought it there, with its reason.
    pub last: Option<Change>,
    /// The change that blinded it, while it is blind.
    pub blind: Option<Change>,
}

/// One thing that open screens are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Its publish number: the id of the stream.
    pub number: u64,
    /// What it is.
    pub what: News,
}

/// What open screens are told.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// A journal entry, with the case after it.
    Case(Box<(CaseEvent, Case)>),
    /// A change of a condition.
    Condition(Box<Change>),
    /// What became of dead letters.
    Letters(LetterNews),
}

/// One part of the process and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The part.
    pub part: Part,
    /// Why it is not well; `None` = well.
    pub trouble: Option<String>,
}

impl Desk {
    /// The configuration that holds.
    #[must_use]
    pub fn config(&self) -> Option<Arc<Config>> {
        self.configs.latest()
    }

    /// One page of cases, the queue's order.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say, or the cursor is none.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<Case>, PipelineError> {
        let timer = self.metrics.store_timer("list");
        let page = self.store.cases(filter, limit, cursor).await?;
        timer.observe_duration();
        let items = page.items.iter().map(|row| docs::case(&row.doc)).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// One case.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn case(&self, id: &CaseId) -> Result<Option<Case>, PipelineError> {
        let Some(row) = self.store.case_by_id(id.as_str()).await? else { return Ok(None) };
        docs::case(&row.doc).map(Some)
    }

    /// A case's journal after an entry, oldest first.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn journal(&self, id: &CaseId, after: u64, limit: u32) -> Result<Vec<CaseEvent>, PipelineError> {
        let rows = self.store.journal(id.as_str(), docs::signed(after), limit).await?;
        rows.iter().map(|row| docs::event(&row.doc)).collect()
    }

    /// The case that a seat is on.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn case_of_seat(&self, seat: &SeatId) -> Result<Option<Case>, PipelineError> {
        self.operate.case_of_seat(seat).await
    }

    /// Carries out a command.
    ///
    /// # Errors
    /// [`OrderError`] with what is so now.
    pub async fn order(&self, case: &CaseId, order: &Order) -> Result<Case, OrderError> {
        self.operate.order(case, order).await
    }

    /// One page of conditions.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn conditions(
        &self,
        filter: &ConditionFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Page<Standing>, PipelineError> {
        let timer = self.metrics.store_timer("list");
        let page = self.store.conditions(filter, limit, cursor).await?;
        timer.observe_duration();
        Ok(Page { items: page.items.into_iter().map(Standing::of).collect(), next: page.next })
    }

    /// One condition.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn condition(&self, id: &str) -> Result<Option<Standing>, PipelineError> {
        Ok(self.store.condition(id).await?.map(Standing::of))
    }

    /// What became of a report.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn report(&self, source: &str, id: &str) -> Result<Option<ReportRow>, PipelineError> {
        Ok(self.store.report(source, id).await?)
    }

    /// What screens are told after a number, oldest first; `None` if that is no longer kept and they must begin anew.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn feed(&self, after: u64, limit: u32) -> Result<Option<Vec<Told>>, PipelineError> {
        let ends = self.store.outbox_ends().await?;
        // Pruned since, or a number of a store that was put back to an earlier day.
        let last = ends.last.unwrap_or(0);
        // Where all is gone the next number is the first that will be there.
        let first = ends.first.unwrap_or(last.saturating_add(1));
        if (after > 0 && after.saturating_add(1) < first) || after > last {
            return Ok(None);
        }
        let rows = self.store.feed_after(after, limit).await?;
        let told = rows.iter().filter_map(|row| {
            let what = match row.destination.as_str() {
                outbox::CASE => {
                    muster_wire::case::read_changed(&row.body).ok().map(|changed| News::Case(Box::new(changed)))
                }
                outbox::LETTER => serde_json::from_str(&row.body).ok().map(News::Letters),
                _ => muster_wire::condition::read(&row.body).ok().map(|change| News::Condition(Box::new(change))),
            };
            Some(Told { number: row.publish_no, what: what? })
        });
        Ok(Some(told.collect()))
    }

    /// The newest publish number.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn feed_end(&self) -> Result<u64, PipelineError> {
        Ok(self.store.outbox_ends().await?.last.unwrap_or(0))
    }

    /// What the doctor judges by, as this process sees it. `thorough` = files are opened and checkpoints summed up too.
    pub async fn facts(&self, thorough: bool) -> Facts {
        let Self { clock, configs, store, log, metrics, troubles, .. } = self;
        let (log, metrics, troubles) = (Some(log), Some(metrics), Some(troubles));
        let sight = Sight { clock, configs, store, log, own: true, metrics, troubles, thorough };
        self.doctor.look(&sight).await
    }

    /// How each part is that this process's roles stand on, for readiness. The others are not asked: what nobody here
    /// needs keeps nobody waiting.
    pub async fn health(&self) -> Vec<Health> {
        let mut health: Vec<Health> = Vec::new();
        for part in Part::ALL.into_iter().filter(|part| self.roles.iter().any(|role| role.needs().contains(part))) {
            // Without store and log no partition gets any further.
            let explained = part == Part::Partitions && health.iter().any(|health| health.trouble.is_some());
            let trouble = if explained { None } else { self.trouble(part).await };
            health.push(Health { part, trouble });
        }
        health
    }

    /// Why a part is not well.
    async fn trouble(&self, part: Part) -> Option<String> {
        match part {
            Part::Store => self.store.healthy().await.err().map(|error| crate::chain(&error)),
            Part::Clock => match timeout(CLOCK, self.clock.agrees_with(&self.store)).await {
                Ok(Err(error @ PipelineError::ClockApart { .. })) => Some(error.to_string()),
                // That the store does not answer is for the store to say, where somebody needs it.
                _ => None,
            },
            Part::Log => self.log.healthy().await.err().map(|error| crate::chain(&error)),
            Part::Configuration => self.config().is_none().then(|| "no rule book and catalogue hold yet".to_owned()),
            Part::Partitions => stuck(&self.troubles.lasting()),
        }
    }
}

/// Why partitions are not read on, by the first of them.
fn stuck(troubles: &[Trouble]) -> Option<String> {
    let Trouble { partition, times, error } = troubles.first()?;
    let all = troubles.len();
    Some(format!(
        "{all} partitions are not watched; partition {partition} began again {times} times in a row: {error}; run \
         `muster doctor`"
    ))
}

impl Standing {
    fn of(row: ConditionRow) -> Self {
        let read = |doc: &Option<String>| doc.as_deref().and_then(|doc| muster_wire::condition::read(doc).ok());
        Self {
            subject: Subject::parse(&row.subject),
            state: State::parse(&row.state).unwrap_or(State::Unknown),
            last: read(&row.doc),
            blind: read(&row.blind_doc).filter(|_| row.blind),
            row,
        }
    }
}
