//! A command on a case, by a person, dispatch or a clock: one transaction, tried again when somebody else was first.

use muster_domain::case::{Actor, Case, CaseState};
use muster_domain::id::{CaseId, SeatId};
use muster_domain::lifecycle::{Command, Refusal};
use muster_domain::time::Filed;
use muster_store::Store;

use crate::PipelineError;
use crate::clock::Clock;
use crate::docket::Docket;
use crate::lease::Grant;
use crate::metrics::Metrics;
use crate::wake::Wake;

const TRIES: u32 = 20;

/// Carries commands to cases.
#[derive(Debug, Clone)]
pub struct Operate {
    /// The store.
    pub store: Store,
    /// The clock, where the database has none.
    pub clock: Clock,
    /// The counters.
    pub metrics: Metrics,
    /// Who is woken.
    pub wake: Wake,
}

/// One command and what must still be so for it to make sense.
#[derive(Debug, Clone)]
pub struct Order {
    /// Who commands.
    pub by: Actor,
    /// What.
    pub command: Command,
    /// In what words.
    pub reason: Option<String>,
    /// What the sender believed.
    pub expects: Expects,
}

/// What the sender of a command believed; facts never expect anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expects {
    /// The case's version (`If-Match`).
    pub version: Option<u64>,
    /// The case's state.
    pub state: Option<CaseState>,
    /// A seat, and the version of the case at which it was seen.
    pub seat: Option<(SeatId, u64)>,
}

/// Why a command came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is no such case.
    #[error("there is no such case")]
    NoCase,
    /// The case is not what the sender believed.
    #[error("the case has changed meanwhile")]
    Changed(Box<Case>),
    /// The decision is refused.
    #[error("refused")]
    Refused(#[source] Refusal, Box<Case>),
    /// It could not be carried out now.
    #[error("the command could not be carried out")]
    Failed(#[from] PipelineError),
}

impl Operate {
    /// Carries out a command; the case as it is afterwards.
    ///
    /// # Errors
    /// [`OrderError`], each with the case as it stands where there is one.
    pub async fn order(&self, case: &CaseId, order: &Order) -> Result<Case, OrderError> {
        self.carry_out(case, order, None).await
    }

    /// Carries out a command of who works under a lease: once somebody else has that, nothing is done.
    ///
    /// # Errors
    /// As [`order`](Self::order); [`PipelineError::Fenced`] once the lease is another's.
    pub(crate) async fn order_under(&self, grant: &Grant, case: &CaseId, order: &Order) -> Result<Case, OrderError> {
        self.carry_out(case, order, Some(grant)).await
    }

    async fn carry_out(&self, case: &CaseId, order: &Order, under: Option<&Grant>) -> Result<Case, OrderError> {
        for _ in 0..TRIES {
            match self.attempt(case, order, under).await {
                Err(OrderError::Failed(error)) if error.is_conflict() => {}
                done => return done,
            }
        }
        Err(OrderError::Failed(PipelineError::Conflict("too many tries")))
    }

    async fn attempt(&self, id: &CaseId, order: &Order, under: Option<&Grant>) -> Result<Case, OrderError> {
        let timer = self.metrics.store_timer("order");
        let mut tx = self.store.begin().await.map_err(PipelineError::from)?;
        if let Some(grant) = under {
            grant.guard(&mut tx).await?;
        }
        let now = tx.now_micros(self.clock.micros()).await.map_err(PipelineError::from)?;
        let mut docket = Docket::new(Filed::from_micros(now));
        if !docket.load(&mut tx, id).await? {
            return Err(OrderError::NoCase);
        }
        let before = docket.case(id).cloned().ok_or(OrderError::NoCase)?;
        // A fact has happened, whatever its sender believed.
        if !order.command.is_fact() && !self.hold(&order.expects, &before).await? {
            return Err(OrderError::Changed(Box::new(before)));
        }
        // A reopened case must not stand beside another live one of the same incident.
        if matches!(order.command, Command::Reopen)
            && !before.state.is_live()
            && docket.live(&mut tx, &before.kind, &before.subject).await?.is_some()
        {
            return Err(OrderError::Refused(Refusal::Replaced, Box::new(before)));
        }
        docket
            .decide(id, &order.by, order.command.clone(), order.reason.clone())
            .map_err(|refusal| OrderError::Refused(refusal, Box::new(before.clone())))?;
        let after = docket.case(id).cloned().unwrap_or(before);
        let written = docket.write(&mut tx).await?;
        tx.commit().await.map_err(PipelineError::from)?;
        timer.observe_duration();
        self.metrics.written(&written);
        if !written.events.is_empty() {
            self.wake.publish.notify_one();
        }
        if written.wants_seat {
            self.wake.dispatch.notify_one();
        }
        Ok(after)
    }

    /// Whether what the sender believed is still so.
    async fn hold(&self, expects: &Expects, case: &Case) -> Result<bool, PipelineError> {
        let Expects { version, state, seat } = expects;
        if version.is_some_and(|version| version != case.version) || state.is_some_and(|state| state != case.state) {
            return Ok(false);
        }
        let Some((seat, seen)) = seat else { return Ok(true) };
        // Nobody has seen what is still to come.
        if *seen > case.version {
            return Ok(false);
        }
        // What is newer than this case's row is another's, and makes this transaction begin again.
        let since = self.store.journal(case.id.as_str(), crate::docs::signed(*seen), u32::MAX).await?;
        for row in since {
            if crate::docs::event(&row.doc)?.what.seat() == Some(seat) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The case that a seat is on.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn case_of_seat(&self, seat: &SeatId) -> Result<Option<Case>, PipelineError> {
        let Some(row) = self.store.case_by_seat(seat.as_str()).await? else { return Ok(None) };
        Ok(Some(crate::docs::case(&row.doc)?))
    }
}
