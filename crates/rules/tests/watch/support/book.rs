//! Rule books and catalogues for random worlds, written as a person would write them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use muster_domain::catalogue::{Catalogue, Combine, Coverage, Device, DeviceKind, Place, Reports};
use muster_domain::id::{ClassId, DeviceId, ObservationKind, PlaceId};
use muster_rules::config::Config;
use muster_rules::rulebook::RuleBook;

/// What a rule watches: one kind each of those that repeat, that speak on change and that are impulses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// How many persons: `every 10s`.
    Persons,
    /// Whether something stands there: `on_change`.
    Occupied,
    /// The same, of a kind that forgets.
    Fleeting,
    /// Somebody crossed: `on_event`.
    Line,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Persons => "persons",
            Self::Occupied => "occupied",
            Self::Fleeting => "fleeting",
            Self::Line => "line",
        }
    }
}

/// A rule in few words; times in seconds.
#[derive(Debug, Clone)]
pub(crate) struct RuleSpec {
    pub(crate) kind: Kind,
    pub(crate) raise: i64,
    /// For impulses: added to `after` to give `quiet`; under 0 only a person clears it.
    pub(crate) clear: i64,
    pub(crate) tolerate: i64,
    pub(crate) after: i64,
    pub(crate) rearm: i64,
    pub(crate) combine: Combine,
    /// Between so and not so there are values that say neither.
    pub(crate) neither: bool,
    pub(crate) ladder: bool,
}

/// One configuration version.
#[derive(Debug, Clone)]
pub(crate) struct Version {
    /// `None` = withdrawn.
    pub(crate) rules: Vec<Option<RuleSpec>>,
    pub(crate) places: usize,
    pub(crate) devices: usize,
    /// The last device speaks of persons only when they change.
    pub(crate) quiet_device: bool,
}

pub(crate) const PLACES: [&str; 2] = ["p1", "p2"];
pub(crate) const DEVICES: [&str; 4] = ["a", "b", "c", "d"];

const TABLES: &str = r#"
[[observation]]
kind = "persons"
reports = "every 10s"
made_by = "analytics"
values = { persons = "int" }
[[observation]]
kind = "occupied"
reports = "on_change"
made_by = "analytics"
values = { persons = "int" }
[[observation]]
kind = "fleeting"
reports = "on_change"
made_by = "camera"
forgets = true
values = { persons = "int" }
[[observation]]
kind = "line"
reports = "on_event"
made_by = "analytics"
values = { persons = "int" }
[[place_class]]
id = "room"
"#;

impl RuleSpec {
    /// The smallest changes that make a book accept it.
    #[must_use]
    pub(crate) fn mended(mut self) -> Self {
        if self.kind == Kind::Line {
            (self.raise, self.combine) = (0, Combine::Any);
        }
        if self.kind == Kind::Persons {
            self.after = self.after.max(10);
        }
        let clear = if self.kind == Kind::Line { self.after + 5 } else { self.clear };
        let shortest = [self.raise, clear].into_iter().filter(|hold| *hold > 0).min();
        self.tolerate = shortest.map_or(self.tolerate, |shortest| self.tolerate.min(shortest));
        self
    }

    fn write(&self, number: usize, version: u64, text: &mut String) {
        let combine = match self.combine {
            Combine::Any => "any",
            Combine::All => "all",
            Combine::Max => "max",
            Combine::Sum => "sum",
        };
        let Self { kind, raise, clear, tolerate, after, rearm, .. } = self;
        let name = kind.name();
        let _ = write!(
            text,
            "\n[[rule]]\nid = \"r{number}\"\nversion = {version}\nname = {{ zh = \"规则\", en = \"rule\" }}\n\
             watches = \"room\"\nsees = [\"{name}\"]\nkind = \"kind.{number}\"\nrearm = \"{rearm}s\"\n\
             tolerate = \"{tolerate}s\"\ncombine = \"{combine}\"\nblind = {{ after = \"{after}s\" }}\n",
        );
        match kind {
            Kind::Line => {
                let _ = writeln!(text, "raise = {{ when = \"persons > 0\" }}");
                if *clear >= 0 {
                    let _ = writeln!(text, "clear = {{ quiet = \"{}s\" }}", after + clear.max(&5));
                }
            }
            _ if self.neither => {
                let _ = writeln!(text, "raise = {{ when = \"persons >= 2\", for = \"{raise}s\" }}");
                let _ = writeln!(text, "clear = {{ when = \"persons == 0\", for = \"{}s\" }}", clear.max(&0));
            }
            _ => {
                let _ = writeln!(text, "raise = {{ when = \"persons > 0\", for = \"{raise}s\" }}");
                let _ = writeln!(text, "clear = {{ for = \"{}s\" }}", clear.max(&0));
            }
        }
        if self.ladder {
            text.push_str(LADDER);
        }
        text.push_str("[[rule.example]]\nname = \"none\"\nsteps = [{ at = \"1s\", expect = \"unknown\" }]\n");
    }
}

const LADDER: &str = r#"[[rule.respond]]
after = "0s"
call = "roll_call"
[[rule.respond]]
after = "7s"
unless = "answered('roll_call')"
requires = "delivered('roll_call')"
seats = [{ role = "lead", competence = "property" }]
[[rule.respond]]
after = "20s"
while_easing = true
warn = { zh = "请离开", en = "please leave" }
[[rule.respond]]
after = "30s"
unless = "failed('roll_call')"
seats = [{ role = "assist", competence = "fire" }]
"#;

impl Version {
    /// The rule file of this version.
    pub(crate) fn text(&self, version: u64) -> String {
        let mut text = TABLES.to_owned();
        for (number, rule) in self.rules.iter().enumerate() {
            if let Some(rule) = rule {
                rule.write(number, version, &mut text);
            }
        }
        text
    }

    pub(crate) fn config(&self, version: u64) -> Arc<Config> {
        let book = RuleBook::parse(&[("random.toml".to_owned(), self.text(version))])
            .unwrap_or_else(|errors| panic!("{}\n{errors:?}", self.text(version)));
        Config::new(version, book, self.catalogue()).unwrap()
    }

    fn catalogue(&self) -> Catalogue {
        let mut catalogue = Catalogue::default();
        for name in &PLACES[..self.places] {
            let id = PlaceId::parse(name).unwrap();
            let place = Place {
                id: id.clone(),
                class: ClassId::parse("room").unwrap(),
                name: (*name).to_owned(),
                grid: None,
                position: None,
                geometry: None,
                props: BTreeMap::new(),
                combine: None,
                units: Vec::new(),
            };
            catalogue.places.insert(id, Arc::new(place));
        }
        for (number, name) in DEVICES[..self.devices].iter().enumerate() {
            let id = DeviceId::parse(name).unwrap();
            let places = PLACES[..self.places].iter().map(|place| PlaceId::parse(place).unwrap());
            let mut reports = BTreeMap::new();
            if self.quiet_device && number + 1 == self.devices {
                let all = [Kind::Occupied, Kind::Fleeting, Kind::Persons].map(|kind| (kind, Reports::OnChange));
                let all = all.into_iter().chain([(Kind::Line, Reports::OnEvent)]);
                reports.extend(all.map(|(kind, speaks)| (ObservationKind::parse(kind.name()).unwrap(), speaks)));
            }
            let device = Device {
                id: id.clone(),
                kind: DeviceKind::Camera,
                name: (*name).to_owned(),
                places: places.map(|place| Coverage { place, zone: None }).collect(),
                upstream: None,
                external_ids: Vec::new(),
                reports,
                props: BTreeMap::new(),
            };
            catalogue.devices.insert(id, Arc::new(device));
        }
        catalogue
    }
}
