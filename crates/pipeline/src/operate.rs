//! A command on a case, by a person, dispatch or a clock: one transaction, tried again when somebody else was first.

use muster_domain::case::{Actor, Case, CaseState};
use muster_domain::id::{CaseId, SeatId};
use muster_domain::lifecycle::{Command, Refusal};
use muster_domain::time::{Filed, Span};
use muster_store::{IdempotencyAnswer, Store, Tx};

use crate::PipelineError;
use crate::clock::Clock;
use crate::docket::{Docket, Written};
use crate::lease::Grant;
use crate::metrics::Metrics;
use crate::wake::Wake;

const TRIES: u32 = 20;

/// How long the answer to a command is kept for its repeats.
const KEPT: Span = Span::from_mins(24 * 60);

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

/// By what a command is known when it comes again.
#[derive(Debug, Clone, Copy)]
pub struct Once<'a> {
    /// Who sends it: a key is its caller's.
    pub caller: &'a str,
    /// The caller's name for it.
    pub key: &'a str,
    /// A hash of all that was sent: the same key with anything else is another request.
    pub request: &'a str,
}

/// What is answered to a command that may have come before.
#[derive(Debug)]
pub enum Answered {
    /// It has come for the first time, or came to nothing before.
    Now(Box<Result<Case, OrderError>>),
    /// It was answered before: with this status, and this body.
    Before(u32, String),
    /// Its key is another request's.
    KeyOfAnother,
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
        self.tried(case, order, None).await
    }

    /// Carries out a command of who works under a lease: once somebody else has that, nothing is done.
    ///
    /// # Errors
    /// As [`order`](Self::order); [`PipelineError::Fenced`] once the lease is another's.
    pub(crate) async fn order_under(&self, grant: &Grant, case: &CaseId, order: &Order) -> Result<Case, OrderError> {
        self.tried(case, order, Some(grant)).await
    }

    async fn tried(&self, case: &CaseId, order: &Order, under: Option<&Grant>) -> Result<Case, OrderError> {
        for _ in 0..TRIES {
            match self.attempt(case, order, under).await {
                Err(OrderError::Failed(error)) if error.is_conflict() => {}
                done => return done,
            }
        }
        Err(OrderError::Failed(PipelineError::Conflict("too many tries")))
    }

    /// As [`order`](Self::order), for a command that may come again: its answer, as `told` puts it into status and body, is
    /// kept in the very transaction that carries it out, so that whoever dies or is cut off when, it happens once.
    pub async fn order_once(
        &self,
        case: &CaseId,
        order: &Order,
        once: Once<'_>,
        told: impl Fn(&Result<Case, OrderError>) -> (u32, String),
    ) -> Answered {
        for _ in 0..TRIES {
            match self.attempt_once(case, order, once, &told).await {
                Err(error) if error.is_conflict() => {}
                Err(error) => return Answered::Now(Box::new(Err(error.into()))),
                Ok(answered) => return answered,
            }
        }
        Answered::Now(Box::new(Err(PipelineError::Conflict("too many tries").into())))
    }

    async fn attempt_once(
        &self,
        case: &CaseId,
        order: &Order,
        Once { caller, key, request }: Once<'_>,
        told: impl Fn(&Result<Case, OrderError>) -> (u32, String),
    ) -> Result<Answered, PipelineError> {
        let (now, mut tx) = (self.clock.micros(), self.store.begin().await?);
        let expires = now + KEPT.micros();
        match tx.idempotency_begin(caller, key, request, now, expires).await? {
            IdempotencyAnswer::New => {}
            IdempotencyAnswer::Done { status, body } => return Ok(Answered::Before(status, body)),
            IdempotencyAnswer::Different => return Ok(Answered::KeyOfAnother),
        }
        let (done, written) = match self.carry_out(&mut tx, case, order).await {
            Ok((after, written)) => (Ok(after), Some(written)),
            Err(OrderError::Failed(error)) => return Err(error),
            // A case that is not there yet, as after a restore, may be there for the repeat.
            Err(OrderError::NoCase) => return Ok(Answered::Now(Box::new(Err(OrderError::NoCase)))),
            Err(refused) => (Err(refused), None),
        };
        let (status, body) = told(&done);
        tx.idempotency_finish(caller, key, request, (status, &body), expires).await?;
        tx.commit().await?;
        written.into_iter().for_each(|written| self.spread(&written));
        Ok(Answered::Now(Box::new(done)))
    }

    async fn attempt(&self, case: &CaseId, order: &Order, under: Option<&Grant>) -> Result<Case, OrderError> {
        let mut tx = self.store.begin().await.map_err(PipelineError::from)?;
        if let Some(grant) = under {
            grant.guard(&mut tx).await?;
        }
        let (after, written) = self.carry_out(&mut tx, case, order).await?;
        tx.commit().await.map_err(PipelineError::from)?;
        self.spread(&written);
        Ok(after)
    }

    /// Writes what a command comes to; it is so once the transaction is committed.
    async fn carry_out(&self, tx: &mut Tx, id: &CaseId, order: &Order) -> Result<(Case, Written), OrderError> {
        let timer = self.metrics.store_timer("order");
        let now = tx.now_micros(self.clock.micros()).await.map_err(PipelineError::from)?;
        let mut docket = Docket::new(Filed::from_micros(now));
        if !docket.load(tx, id).await? {
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
            && docket.live(tx, &before.kind, &before.subject).await?.is_some()
        {
            return Err(OrderError::Refused(Refusal::Replaced, Box::new(before)));
        }
        docket
            .decide(id, &order.by, order.command.clone(), order.reason.clone())
            .map_err(|refusal| OrderError::Refused(refusal, Box::new(before.clone())))?;
        let after = docket.case(id).cloned().unwrap_or(before);
        let written = docket.write(tx).await?;
        timer.observe_duration();
        Ok((after, written))
    }

    /// Counts what was committed, and wakes whoever goes on with it.
    fn spread(&self, written: &Written) {
        self.metrics.written(written);
        if !written.events.is_empty() {
            self.wake.publish.notify_one();
        }
        if written.wants_seat {
            self.wake.dispatch.notify_one();
        }
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
