//! From what the desk reads to what views are drawn against.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use muster_domain::condition::{Change, Reason, State as ConditionState};
use muster_domain::id::EpisodeId;
use muster_domain::time::{Filed, Seen};
use muster_pipeline::desk::Standing;
use muster_rules::config::Config;
use muster_rules::rulebook::{Clear, Rule, RuleBook};

use super::State;
use super::heads::cookie;
use crate::look::{Look, Theme};
use crate::scene::{BlindNow, Book, Clause, ConditionNow, Rung, RungDoes, Scene};
use crate::text::Lang;

/// What a page is drawn from, owned.
pub(super) struct Drawn {
    pub(super) config: Arc<Config>,
    pub(super) book: Book,
    pub(super) look: Look,
}

impl Drawn {
    pub(super) fn new(state: &State, headers: &HeaderMap, uri: &Uri) -> Option<Self> {
        let config = state.desk.config()?;
        let look = look(state, headers, uri, street(&config));
        Some(Self { book: book(&config.rulebook), look, config })
    }

    pub(super) fn scene<'a>(&'a self, state: &'a State) -> Scene<'a> {
        Scene {
            catalogue: &self.config.catalogue,
            book: &self.book,
            scenery: &state.settings.scenery,
            look: &self.look,
        }
    }
}

/// The name of the street.
fn street(config: &Config) -> String {
    let level = muster_domain::catalogue::GridLevel::Street;
    config.catalogue.grid.values().find(|cell| cell.level == level).map_or_else(String::new, |cell| cell.name.clone())
}

/// The look of a page that needs neither rules nor catalogue.
pub(super) fn plain_look(state: &State, headers: &HeaderMap, uri: &Uri) -> Look {
    look(state, headers, uri, state.desk.config().map_or_else(String::new, |config| street(&config)))
}

/// A value of the query, else of a cookie.
pub(super) fn chosen<'a>(headers: &'a HeaderMap, uri: &'a Uri, name: &str) -> Option<&'a str> {
    let query = uri.query().unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    query.or_else(|| cookie(headers, name))
}

fn look(state: &State, headers: &HeaderMap, uri: &Uri, street: String) -> Look {
    let query: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("lang=") && !pair.starts_with("theme="))
        .collect();
    let path = if query.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), query.join("&")) };
    Look {
        lang: chosen(headers, uri, "lang").and_then(Lang::parse).unwrap_or_default(),
        theme: chosen(headers, uri, "theme").and_then(Theme::parse).unwrap_or_default(),
        now: Filed::from_micros(state.desk.clock.micros()),
        zone: state.settings.zone.clone(),
        street,
        illustrative: state.settings.demo,
        speed: state.settings.speed as u32,
        path,
    }
}

/// The words of a rule book, as far as screens need them.
pub(super) fn book(rules: &RuleBook) -> Book {
    Book {
        kinds: rules.case_kinds.values().map(|kind| (kind.kind.clone(), kind.name.clone())).collect(),
        classes: rules.classes.values().map(|class| (class.id.clone(), class.name.clone())).collect(),
        rules: rules.rules.values().map(|rule| (rule.id.clone(), card(rule))).collect::<BTreeMap<_, _>>(),
    }
}

fn card(rule: &Rule) -> crate::scene::RuleCard {
    let clear = match &rule.clear {
        Clear::When(clause) => Clause { when: clause.when.text().to_owned(), hold: clause.hold },
        Clear::Quiet(quiet) => Clause { when: String::new(), hold: *quiet },
        Clear::ByPerson => Clause::default(),
    };
    let ladder = rule.respond.iter().flat_map(|step| {
        let unless = step.unless.as_ref().map(|clause| clause.text().to_owned());
        let rung = move |what| Rung { after: step.after, what, unless: unless.clone() };
        let call = step.call.clone().map(RungDoes::Call);
        let warn = step.warn.clone().map(RungDoes::Warn);
        let seats: Vec<_> = step.seats.iter().map(|seat| (seat.role, seat.competence.clone())).collect();
        let seats = (!seats.is_empty()).then_some(RungDoes::Seats(seats));
        call.into_iter().chain(warn).chain(seats).map(rung).collect::<Vec<_>>()
    });
    crate::scene::RuleCard {
        name: rule.name.clone(),
        version: rule.version,
        hold: rule.raise.hold,
        clear,
        why: rule.why.clone(),
        ladder: ladder.collect(),
    }
}

/// A condition as the views know it.
pub(super) fn condition(standing: Standing) -> Option<ConditionNow> {
    let Standing { row, subject, state, last, blind } = standing;
    let reason = match last {
        Some(Change::Moved(moved)) => moved.reason,
        _ => Reason::default(),
    };
    let blind = match blind {
        Some(Change::Blind(blind)) => Some(BlindNow { since: blind.since, sources: blind.sources }),
        _ if row.blind => Some(BlindNow { since: None, sources: vec![] }),
        _ => None,
    };
    Some(ConditionNow {
        id: row.id,
        rule: muster_domain::id::RuleId::parse(&row.rule).ok()?,
        subject: subject?,
        since: (state != ConditionState::Unknown).then(|| Seen::from_micros(row.since)),
        state,
        blind,
        episode: row.episode.as_deref().and_then(|id| EpisodeId::parse(id).ok()),
        reason,
    })
}
