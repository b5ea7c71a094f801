//! What is counted in the store when somebody asks for the metrics, so that every process says the same.

use std::collections::{BTreeMap, BTreeSet};

use muster_domain::case::{Case, ClockKind};
use muster_domain::id::PlaceId;
use muster_log::Topic;
use muster_store::{CaseFilter, ConditionFilter};

use super::Desk;
use crate::{PipelineError, docs, waiting};

/// Cases read at once.
const BATCH: u32 = 500;

impl Desk {
    /// Refreshes the gauges that are counted in the store.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn measure(&self) -> Result<(), PipelineError> {
        self.measure_standing().await;
        let timer = self.metrics.store_timer("measure");
        self.measure_cases().await?;
        self.measure_conditions().await?;
        let pending = self.store.outbox_pending().await?;
        let age = pending.oldest.map_or(0, |oldest| self.clock.micros().saturating_sub(oldest)).max(0);
        self.metrics.outbox_pending.set(pending.count);
        self.metrics.outbox_oldest_seconds.set(age as f64 / 1e6);
        timer.observe_duration();
        Ok(())
    }

    /// What can be said whatever the store says.
    async fn measure_standing(&self) {
        for health in self.health().await {
            self.metrics.ready.with_label_values(&[health.part.name()]).set(i64::from(health.trouble.is_none()));
        }
        self.metrics.log_partitions.set(i64::from(self.log.partitions(&Topic::Observation)));
        if let Some(space) = self.log.disk() {
            self.metrics
                .log_disk_free
                .with_label_values::<&str>(&[])
                .set(space.free as f64 / space.total.max(1) as f64);
        }
    }

    async fn measure_cases(&self) -> Result<(), PipelineError> {
        let metrics = &self.metrics;
        metrics.cases_open.reset();
        for count in self.store.case_counts().await? {
            metrics.cases_open.with_label_values(&[&count.kind, &count.state]).set(count.cases);
        }
        let now = self.clock.filed();
        let mut overdue: BTreeMap<&str, i64> = ClockKind::ALL.map(|kind| (kind.name(), 0)).into();
        let late = CaseFilter { overdue: Some((true, now.micros())), ..CaseFilter::default() };
        self.each_case(&late, |case| {
            for clock in case.clocks.iter().filter(|clock| clock.lapsed || clock.due <= now) {
                *overdue.entry(clock.kind.name()).or_default() += 1;
            }
        })
        .await?;
        for (stage, clocks) in overdue {
            metrics.clocks_overdue.with_label_values(&[stage]).set(clocks);
        }
        let mut unfilled = BTreeMap::from([("waiting", 0), ("no_route", 0)]);
        waiting::each(&self.store, |seat| {
            // Dispatch has looked and found nobody, or has not looked yet.
            let reason = if seat.why.is_some() { "no_route" } else { "waiting" };
            *unfilled.entry(reason).or_default() += 1;
        })
        .await?;
        for (reason, seats) in unfilled {
            metrics.seats_unfilled.with_label_values(&[reason]).set(seats);
        }
        Ok(())
    }

    async fn each_case(&self, filter: &CaseFilter, mut see: impl FnMut(&Case)) -> Result<(), PipelineError> {
        let mut cursor = None::<String>;
        loop {
            let page = self.store.cases(filter, BATCH, cursor.as_deref()).await?;
            for row in &page.items {
                see(&docs::case(&row.doc)?);
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
    }

    async fn measure_conditions(&self) -> Result<(), PipelineError> {
        let metrics = &self.metrics;
        metrics.conditions.reset();
        for count in self.store.condition_counts().await? {
            metrics.conditions.with_label_values(&[&count.rule, &count.state]).add(count.conditions);
        }
        let Some(config) = self.config() else { return Ok(()) };
        let classes = config.rulebook.rules.values().map(|rule| rule.watches.to_string());
        let mut blind: BTreeMap<String, BTreeSet<String>> = classes.map(|class| (class, BTreeSet::new())).collect();
        let (filter, mut cursor) =
            (ConditionFilter { blind: Some(true), ..ConditionFilter::default() }, None::<String>);
        loop {
            let page = self.store.conditions(&filter, BATCH, cursor.as_deref()).await?;
            for place in page.items.into_iter().filter_map(|row| row.place) {
                let known = PlaceId::parse(&place).ok().and_then(|id| config.catalogue.places.get(&id));
                if let Some(known) = known {
                    // Two rules that are blind at one place are one blind place.
                    blind.entry(known.class.to_string()).or_default().insert(place);
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        metrics.places.reset();
        for place in config.catalogue.places.values().filter(|place| blind.contains_key(place.class.as_str())) {
            metrics.places.with_label_values(&[place.class.as_str()]).inc();
        }
        metrics.blind_places.reset();
        for (class, places) in blind {
            metrics.blind_places.with_label_values(&[&class]).set(i64::try_from(places.len()).unwrap_or(i64::MAX));
        }
        Ok(())
    }
}
