//! What one configuration version says about one rule at one place.

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_domain::catalogue::{Combine, Place, Reports};
use muster_domain::id::DeviceId;
use muster_domain::record::{Health, Observation, Part, Value, ValueName};
use muster_domain::time::Span;

use super::cover::Content;
use crate::config::Config;
use crate::rulebook::{HEALTH_KIND, Rule, Says};

/// A rule at a place, in one version.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) rule: Arc<Rule>,
    pub(super) props: Vec<Option<Value>>,
    /// Its declared sources and how each speaks.
    pub(super) sources: BTreeMap<DeviceId, Reports>,
    pub(super) combine: Combine,
    /// The part that makes the kind.
    pub(super) made_by: Part,
    pub(super) forgets: bool,
    health_made_by: Part,
}

impl Setting {
    pub(super) fn of(config: &Config, rule: &Arc<Rule>, place: &Place) -> Self {
        let kind = config.rulebook.kinds.get(&rule.sees);
        let sources = config.sources(&place.id, &rule.sees).map(|source| (source.device, source.reports));
        Self {
            rule: Arc::clone(rule),
            props: config.props(rule, &place.id),
            sources: sources.collect(),
            combine: config.combine(rule, place),
            made_by: kind.map_or(Part::Analytics, |kind| kind.made_by),
            forgets: kind.is_some_and(|kind| kind.forgets),
            health_made_by: config.rulebook.kinds.get(HEALTH_KIND).map_or(Part::Link, |kind| kind.made_by),
        }
    }

    /// What an observation is to this condition; `None` if it is nothing to it.
    pub(super) fn content(&self, said: &Observation) -> Option<Content> {
        let ailment = said.health.and_then(Health::ailment);
        if !self.sources.contains_key(&said.device) {
            None
        } else if said.kind == self.rule.sees {
            Some(Content::Evidence { values: said.values.clone(), ailment })
        } else if said.kind.as_str() == HEALTH_KIND {
            let part = said.health.and_then(|health| health.of).unwrap_or(self.health_made_by);
            // §3: "a camera's heartbeat never vouches for its analytics", and who repeats itself speaks for itself.
            let repeats = matches!(self.sources.get(&said.device), Some(Reports::Every(_)));
            let vouches = ailment.is_none() && part == self.made_by && !repeats;
            Some(Content::Health { part, ailment, vouches })
        } else {
            None
        }
    }

    /// `blind.after`: "mandatory wherever a rule has a hold"; without it a word covers until the next.
    pub(super) fn after(&self) -> Span {
        self.rule.blind.map_or(Span::from_micros(i64::MAX), |blind| blind.after)
    }

    /// Whether the other version means the same: all but its examples and the rest of the book.
    pub(super) fn means(&self, other: &Self) -> bool {
        let bare = |setting: &Self| {
            let rule = Rule { examples: Vec::new(), ..(*setting.rule).clone() };
            let Self { props, sources, combine, made_by, forgets, .. } = setting.clone();
            (rule, props, sources, combine, made_by, forgets)
        };
        bare(self) == bare(other)
    }

    /// Whether all sources give one answer together.
    pub(super) fn together(&self) -> bool {
        self.combine != Combine::Any && !self.rule.is_impulse()
    }

    /// What one source says.
    pub(super) fn says(&self, values: &[(ValueName, Value)]) -> Says {
        self.rule.says(&self.rule.slots(values).collect::<Vec<_>>(), &self.props)
    }

    /// What the combined values say.
    pub(super) fn says_together(&self, slots: &[Option<Value>]) -> Says {
        self.rule.says(slots, &self.props)
    }
}
