//! Lines beside the rule book and the catalogue they go into: what does not fit is named by its cell.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use muster_domain::catalogue::{Catalogue, Device, GridCell, Place, Unit};
use muster_domain::id::{DeviceId, GridId};
use muster_rules::config::MAX_SOURCES;
use muster_rules::rulebook::RuleBook;

use super::cells::Cells;
use super::{Item, Kind, Rows};
use crate::table::{Bad, Row, Table};

/// The most names that a reason lists.
const MAX_LISTED: usize = 20;

/// What lines must go with.
pub(super) struct Fit<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) book: &'a RuleBook,
    pub(super) kind: Kind,
    pub(super) table: &'a Table,
    /// The good lines are taken without the bad ones.
    pub(super) partial: bool,
}

impl Fit<'_> {
    /// Takes whatever does not fit out of the rows, and says why.
    pub(super) fn sift(&self, rows: &mut Rows<'_>, wrong: &mut Vec<Bad>) {
        // A line may rest on another of its file, be that good or bad: each is to be mended where it is wrong.
        let beside: BTreeSet<&str> =
            self.table.rows.iter().map(|row| Cells { table: self.table, row }.name()).collect();
        keep(rows, wrong, |row, item| self.fault(row, item, &beside));
        let mut crowd = self.crowd(rows);
        keep(rows, wrong, |row, item| self.crowded(row, item, &mut crowd));
        if self.partial {
            let gone = self.fallen(rows, wrong);
            keep(rows, wrong, |row, item| {
                let (above, column) = item.above().filter(|_| gone.contains(item.id()))?;
                Some(self.table.bad(row, column, format!("{above} is on a line that is left out")))
            });
        }
    }

    /// The first thing about a line that does not fit.
    fn fault(&self, row: &Row, item: &Item, beside: &BTreeSet<&str>) -> Option<Bad> {
        let bad = |column: &str, reason: String| Some(self.table.bad(row, column, reason));
        match item {
            Item::Cell(GridCell { parent, .. }) => {
                let parent = parent.as_ref().filter(|id| !self.has_cell(id) && !beside.contains(id.as_str()))?;
                bad("parent", nowhere("grid cell", parent))
            }
            Item::Unit(unit) => {
                let Unit { grids, .. } = &**unit;
                let grid = grids.iter().find(|id| !self.has_cell(id))?;
                bad("grids", missing("grid cell", grid, "grid"))
            }
            Item::Place(place) => {
                let Place { class, props, grid, units, .. } = &**place;
                let Some(of) = self.book.classes.get(class) else {
                    let known = listed(self.book.classes.keys());
                    return bad("class", format!("the rule book has no class {class}; it has {known}"));
                };
                if let Err(lines) = of.fill(props) {
                    return bad("props", lines.join("; "));
                }
                if let Some(grid) = grid.as_ref().filter(|id| !self.has_cell(id)) {
                    return bad("grid", missing("grid cell", grid, "grid"));
                }
                let unit = units.iter().find(|id| !self.catalogue.units.contains_key(*id))?;
                bad("units", missing("unit", unit, "units"))
            }
            Item::Device(device) => {
                let Device { places, upstream, reports, .. } = &**device;
                let lost = places.iter().find(|covered| !self.catalogue.places.contains_key(&covered.place));
                if let Some(lost) = lost {
                    return bad("places", missing("place", &lost.place, "places"));
                }
                if let Some(kind) = reports.keys().find(|kind| !self.book.kinds.contains_key(*kind)) {
                    let known = listed(self.book.kinds.keys());
                    return bad("reports", format!("the rule book has no kind {kind}; it has {known}"));
                }
                let known = |id: &DeviceId| self.holds(id.as_str()) || beside.contains(id.as_str());
                let upstream = upstream.as_ref().filter(|id| !known(id))?;
                bad("upstream", nowhere("device", upstream))
            }
        }
    }

    fn has_cell(&self, id: &GridId) -> bool {
        self.catalogue.grid.contains_key(id)
    }

    /// The rows that rest, over however many others, on a line that is left out.
    fn fallen(&self, rows: &Rows<'_>, wrong: &[Bad]) -> BTreeSet<String> {
        let mut resting: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for (_, item) in rows {
            if let Some((above, _)) = item.above() {
                resting.entry(above).or_default().push(item);
            }
        }
        let stands: BTreeSet<&str> = rows.iter().map(|(_, item)| item.id()).collect();
        let left_out: BTreeSet<u64> = wrong.iter().map(|bad| bad.line).collect();
        let lines = self.table.rows.iter().filter(|row| left_out.contains(&row.line));
        let names = lines.map(|row| Cells { table: self.table, row }.name());
        // What is known already stays as it was.
        let mut todo: Vec<&str> = names.filter(|name| !stands.contains(name) && !self.holds(name)).collect();
        let mut gone = BTreeSet::new();
        while let Some(name) = todo.pop() {
            for item in resting.get(name).into_iter().flatten() {
                // Its line is left out, and where it was known before others rest on that.
                if gone.insert(item.id().to_owned()) && !self.holds(item.id()) {
                    todo.push(item.id());
                }
            }
        }
        gone
    }

    /// Whether the catalogue has one of this name already, of what the rows are.
    fn holds(&self, name: &str) -> bool {
        match self.kind {
            Kind::Grid => self.catalogue.grid.contains_key(name),
            Kind::Places => self.catalogue.places.contains_key(name),
            Kind::Devices => self.catalogue.devices.contains_key(name),
            Kind::Units => self.catalogue.units.contains_key(name),
        }
    }

    /// How many devices that these rows do not replace cover each place.
    fn crowd(&self, rows: &Rows<'_>) -> BTreeMap<String, usize> {
        let replaced: BTreeSet<&str> = rows.iter().map(|(_, item)| item.id()).collect();
        let mut crowd = BTreeMap::new();
        if self.kind == Kind::Devices {
            let others = self.catalogue.devices.values().filter(|device| !replaced.contains(device.id.as_str()));
            for place in others.flat_map(|device| covered(device)) {
                *crowd.entry(place.to_owned()).or_default() += 1;
            }
        }
        crowd
    }

    fn crowded(&self, row: &Row, item: &Item, crowd: &mut BTreeMap<String, usize>) -> Option<Bad> {
        let Item::Device(device) = item else { return None };
        let full = covered(device).find(|place| crowd.get(*place).is_some_and(|devices| *devices >= MAX_SOURCES));
        if let Some(full) = full {
            let reason = format!("{full} is covered by {MAX_SOURCES} devices already; divide the place");
            return Some(self.table.bad(row, "places", reason));
        }
        for place in covered(device) {
            *crowd.entry(place.to_owned()).or_default() += 1;
        }
        None
    }
}

impl Item {
    fn id(&self) -> &str {
        match self {
            Self::Cell(cell) => cell.id.as_str(),
            Self::Place(place) => place.id.as_str(),
            Self::Device(device) => device.id.as_str(),
            Self::Unit(unit) => unit.id.as_str(),
        }
    }

    /// The one of its own sort that it rests on, and in which column.
    fn above(&self) -> Option<(&str, &'static str)> {
        match self {
            Self::Cell(cell) => Some((cell.parent.as_ref()?.as_str(), "parent")),
            Self::Device(device) => Some((device.upstream.as_ref()?.as_str(), "upstream")),
            Self::Place(_) | Self::Unit(_) => None,
        }
    }
}

fn keep(rows: &mut Rows<'_>, wrong: &mut Vec<Bad>, mut fault: impl FnMut(&Row, &Item) -> Option<Bad>) {
    rows.retain(|(row, item)| {
        let bad = fault(row, item);
        let fits = bad.is_none();
        wrong.extend(bad);
        fits
    });
}

/// The places that a device covers, each once.
fn covered(device: &Device) -> impl Iterator<Item = &str> {
    device.places.iter().map(|covered| covered.place.as_str()).collect::<BTreeSet<_>>().into_iter()
}

/// What another file brings: grid, units, places and devices refer to one another in this order.
fn missing(what: &str, id: &impl Display, file: &str) -> String {
    format!("there is no {what} {id} in the catalogue; import {file} first")
}

fn nowhere(what: &str, id: &impl Display) -> String {
    format!("there is no {what} {id}, neither in this file nor in the catalogue")
}

fn listed(names: impl Iterator<Item = impl Display>) -> String {
    let mut names: Vec<String> = names.take(MAX_LISTED + 1).map(|name| name.to_string()).collect();
    if names.len() > MAX_LISTED {
        names[MAX_LISTED] = "…".to_owned();
    }
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
