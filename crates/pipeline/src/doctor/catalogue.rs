//! Judging the rule book and the catalogue: what no rule, device or unit will ever reach.

use std::collections::BTreeSet;

use muster_domain::catalogue::{DeviceKind, Entry, Gap};
use muster_domain::id::Competence;
use muster_domain::text::Words;
use muster_domain::time::Filed;
use muster_rules::config::Config;
use muster_rules::dispatch::{COORDINATION, SeatRequest, choose};
use muster_rules::rulebook::{Mode, RuleBook};

use super::codes::Code;
use super::detail::{Detail, Thing};
use super::facts::{ConfigSeen, RulesFolder};
use super::finding::{Finding, plain};

/// Judges which configuration holds, beside the rule book on the disk.
pub(super) fn judge_config(seen: &ConfigSeen, folder: Option<&RulesFolder>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let newest = match &seen.newest {
        None => {
            findings.push(Finding::new(Code::NoRuleBook).run("muster serve"));
            None
        }
        Some(Err(trouble)) => {
            findings.push(Finding::new(Code::AdoptedUnreadable).with(plain(trouble)));
            None
        }
        Some(Ok(config)) => {
            if seen.ready.is_none_or(|ready| ready < config.version) {
                let said = plain(format!("{} > {}", config.version, seen.ready.unwrap_or(0)));
                findings.push(Finding::new(Code::ConfigNotReady).with(said));
            }
            Some(config)
        }
    };
    let Some((folder, Ok(files))) = folder.map(|folder| (folder, &folder.files)) else { return findings };
    let path = folder.path.display();
    match RuleBook::check(files) {
        Err(faults) => {
            let faults = faults.iter().map(|fault| plain(fault.to_string()));
            let told = Finding::about(Code::RuleBookRefused, faults);
            findings.extend(told.map(|told| told.run(format!("muster rules check '{path}'"))));
        }
        Ok(_) if newest.is_some_and(|config| texts(config.rulebook.files()) != texts(files)) => {
            let told = Finding::new(Code::RuleBookDiffers).with(plain(path.to_string()));
            findings.push(told.run(format!("muster rules test '{path}'")).run("muster serve"));
        }
        Ok(_) => {}
    }
    findings
}

/// What the files say, whatever folder they came from.
fn texts(files: &[(String, String)]) -> Vec<(&str, &str)> {
    files.iter().map(|(name, text)| (name.rsplit('/').next().unwrap_or(name), text.as_str())).collect()
}

/// Judges a configuration by itself.
pub(super) fn judge(config: &Config, now: i64) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (book, catalogue) = (&config.rulebook, &config.catalogue);
    let idle = book.rules.values().filter(|rule| rule.mode != Mode::Live);
    findings.extend(Finding::about(Code::RulesNotLive, idle.map(|rule| Detail::of(Thing::Rule, &rule.id))));
    if catalogue.places.is_empty() {
        findings.push(Finding::new(Code::CatalogueEmpty));
    }
    let unseen = config.watched().filter(|(rule, place)| config.sources(&place.id, &rule.sees).next().is_none()).map(
        |(rule, place)| {
            let sees = format!(" ({})", rule.sees);
            Detail::of(Thing::Place, &place.id).say(" · ", " · ").and(Thing::Rule, &rule.id).say(sees.clone(), sees)
        },
    );
    findings.extend(Finding::about(Code::PlaceWithoutDevice, unseen));
    let unknown = catalogue.places.values().filter(|place| !book.classes.contains_key(&place.class));
    let unknown = unknown.map(|place| {
        let class = format!(" ({})", place.class);
        Detail::of(Thing::Place, &place.id).say(class.clone(), class)
    });
    findings.extend(Finding::about(Code::PlaceOfUnknownClass, unknown));
    let speaks = |kind| matches!(kind, DeviceKind::Camera | DeviceKind::Sensor | DeviceKind::Loudspeaker);
    let idle = catalogue.devices.values().filter(|device| speaks(device.kind) && device.places.is_empty());
    findings.extend(Finding::about(Code::DeviceWithoutPlace, idle.map(|device| Detail::of(Thing::Device, &device.id))));
    findings.extend(Finding::about(Code::CatalogueDangling, catalogue.gaps().into_iter().map(gap)));
    findings.extend(judge_units(config, Filed::from_micros(now)));
    findings
}

/// Who refers to what is not there.
fn gap(gap: Gap<'_>) -> Detail {
    let ((zh, en, of, id), (zh_lacks, en_lacks, lacks, lacking)) = (entry(gap.of), entry(gap.lacks));
    let begun = Detail::from(Words::new(zh, en)).and(of, id).say(format!("：{zh_lacks}"), format!(": {en_lacks}"));
    begun.and(lacks, lacking).say(" 不在目录里", " is not in the catalogue")
}

/// What an entry is called in both languages, what it is, and its id.
fn entry(entry: Entry<'_>) -> (&'static str, &'static str, Thing, String) {
    match entry {
        Entry::Place(id) => ("点位 ", "place ", Thing::Place, id.to_string()),
        Entry::Device(id) => ("设备 ", "device ", Thing::Device, id.to_string()),
        Entry::Unit(id) => ("单位 ", "unit ", Thing::Unit, id.to_string()),
        Entry::Grid(id) => ("网格 ", "grid cell ", Thing::Grid, id.to_string()),
    }
}

/// Whoever is asked must be there.
fn judge_units(config: &Config, now: Filed) -> Vec<Finding> {
    let (book, catalogue) = (&config.rulebook, &config.catalogue);
    let mut findings = Vec::new();
    let unasked = book.case_kinds.values().filter(|kind| kind.seats.is_empty());
    findings
        .extend(Finding::about(Code::KindWithoutRoute, unasked.map(|kind| Detail::of(Thing::CaseKind, &kind.kind))));
    let asked: BTreeSet<&Competence> =
        book.case_kinds.values().flat_map(|kind| &kind.seats).map(|seat| &seat.competence).collect();
    let has = |competence: &str| {
        catalogue.units.values().any(|unit| unit.competence.iter().any(|own| covers(own, competence)))
    };
    let lacking = asked.iter().filter(|competence| !has(competence.as_str()));
    findings.extend(Finding::about(
        Code::CompetenceWithoutUnit,
        lacking.map(|lacking| Detail::of(Thing::Competence, lacking)),
    ));
    if !has(COORDINATION) {
        findings.push(Finding::new(Code::NoCoordination));
    }
    let silent = catalogue.units.values().filter(|unit| unit.competence.is_empty());
    findings.extend(Finding::about(Code::UnitWithoutCompetence, silent.map(|unit| Detail::of(Thing::Unit, &unit.id))));
    let mut unserved = BTreeSet::new();
    for (rule, place) in config.watched() {
        let seats = book.case_kinds.get(&rule.kind).map_or(&[][..], |kind| kind.seats.as_slice());
        for competence in seats.iter().map(|seat| &seat.competence).filter(|competence| has(competence.as_str())) {
            let (grid, excluded) = (place.grid.as_ref(), &[]);
            let request = SeatRequest { competence, place: Some(&place.id), grid, unlocated: false, excluded, now };
            let choice = choose(catalogue, &request, &|_| 0);
            if choice.unit.is_none() || choice.fallback {
                unserved.insert((&place.id, competence));
            }
        }
    }
    let unserved = unserved.into_iter().map(|(place, competence)| {
        Detail::of(Thing::Place, place).say(" · ", " · ").and(Thing::Competence, competence)
    });
    findings.extend(Finding::about(Code::PlaceWithoutUnit, unserved));
    findings
}

/// Whether a competence is one, or a part of one, that a unit has.
fn covers(own: &Competence, asked: &str) -> bool {
    asked == own.as_str() || asked.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('.'))
}
