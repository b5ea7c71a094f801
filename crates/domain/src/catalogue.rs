//! What stands in the street: places, devices, grid cells and units, as one immutable version.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::geo::{Geometry, Position};
use crate::id::{ClassId, Competence, DeviceId, GridId, ObservationKind, PlaceId, UnitId};
use crate::record::{Part, Value};
use crate::time::{Filed, Span};

/// A place 点位 that a rule can watch.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its id, the key of everything that concerns it.
    pub id: PlaceId,
    /// Its class, such as `control_room`.
    pub class: ClassId,
    /// Its name on screens.
    pub name: String,
    /// The grid cell it lies in.
    pub grid: Option<GridId>,
    /// A point for its marker.
    pub position: Option<Position>,
    /// Its shape.
    pub geometry: Option<Geometry>,
    /// Properties of its class, checked on import, in the order of their names.
    pub props: BTreeMap<String, Value>,
    /// How several sources combine here, where that differs from the rule's.
    pub combine: Option<Combine>,
    /// Units responsible for the place.
    pub units: Vec<UnitId>,
}

/// How several sources that cover one place give one answer (ENGINE §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Combine {
    /// Some source says so; not so only if all say so.
    #[default]
    Any,
    /// Every source must say so.
    All,
    /// Views overlap: the largest value counts.
    Max,
    /// Views do not overlap: values add up.
    Sum,
}

/// A device 设备.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    /// What it is.
    pub kind: DeviceKind,
    /// Its name on screens.
    pub name: String,
    /// The places it covers, each with an optional zone of its picture.
    pub places: Vec<Coverage>,
    /// The recorder, switch or gateway it hangs on.
    pub upstream: Option<DeviceId>,
    /// `scheme:value` names that other systems have for it.
    pub external_ids: Vec<String>,
    /// How it speaks, where that differs from the kind's default.
    pub reports: BTreeMap<ObservationKind, Reports>,
    /// What else is known of it, in the order of the names; no rule asks for it.
    pub props: BTreeMap<String, Value>,
}

/// One place that a device covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The place.
    pub place: PlaceId,
    /// The zone of the device's view.
    pub zone: Option<String>,
}

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum DeviceKind {
    Camera,
    Sensor,
    Loudspeaker,
    Gateway,
    Recorder,
}

/// How a source speaks (ENGINE §3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reports {
    /// It repeats itself at this interval.
    Every(Span),
    /// It is silent while nothing changes.
    OnChange,
    /// Each record is an impulse.
    OnEvent,
}

/// A kind of observation that may come in: an entry of the registry of kinds.
#[derive(Debug, Clone, PartialEq)]
pub struct KindSpec {
    /// Its name.
    pub kind: ObservationKind,
    /// How its sources speak unless the device says otherwise.
    pub reports: Reports,
    /// The part whose health vouches for it.
    pub made_by: Part,
    /// Its fields and their types.
    pub values: BTreeMap<String, ValueType>,
    /// After a gap what was last said does not cover again (ENGINE §3).
    pub forgets: bool,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum ValueType {
    Int,
    Number,
    Bool,
    Text,
}

/// A grid cell 单元网格.
#[derive(Debug, Clone, PartialEq)]
pub struct GridCell {
    /// Its id.
    pub id: GridId,
    /// Its name.
    pub name: String,
    /// How far down the tree it is.
    pub level: GridLevel,
    /// The cell above.
    pub parent: Option<GridId>,
    /// Its area.
    pub geometry: Option<Geometry>,
}

/// The levels of the grid tree, from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum GridLevel {
    District,
    Street,
    Community,
    Grid,
    Microgrid,
}

/// A unit 处置单位 that can fill a seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: UnitId,
    /// Its name.
    pub name: String,
    /// Its kind, free text such as `enforcement`.
    pub kind: String,
    /// The grid cells it is responsible for, with everything below them; none = everywhere.
    pub grids: Vec<GridId>,
    /// What it is competent for; a seat's competence must equal one of these or begin with it and a dot.
    pub competence: Vec<Competence>,
    /// Live cases it can hold at once; `None` = no limit (an office).
    pub capacity: Option<u32>,
    /// The number the desk calls.
    pub phone: Option<String>,
    /// Not before this instant.
    pub valid_from: Option<Filed>,
    /// Not from this instant on.
    pub valid_to: Option<Filed>,
}

/// Everything that stands in the street, in one immutable version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    /// Grid cells by id.
    pub grid: BTreeMap<GridId, GridCell>,
    /// Places by id.
    pub places: BTreeMap<PlaceId, Arc<Place>>,
    /// Devices by id.
    pub devices: BTreeMap<DeviceId, Arc<Device>>,
    /// Units by id.
    pub units: BTreeMap<UnitId, Arc<Unit>>,
}

/// A reference to what is not in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap<'a> {
    /// Who refers.
    pub of: Entry<'a>,
    /// What is not there.
    pub lacks: Entry<'a>,
}

/// An entry of the catalogue, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Entry<'a> {
    Place(&'a PlaceId),
    Device(&'a DeviceId),
    Unit(&'a UnitId),
    Grid(&'a GridId),
}

impl Catalogue {
    /// Whether `cell` is `ancestor` or lies below it. A tree with a loop ends after as many steps as it has levels.
    #[must_use]
    pub fn lies_in(&self, cell: &GridId, ancestor: &GridId) -> bool {
        self.ancestry(cell).any(|id| id == ancestor)
    }

    /// The cell, its parent, and so on up to the root: at most eight steps.
    pub fn ancestry<'a>(&'a self, cell: &'a GridId) -> impl Iterator<Item = &'a GridId> {
        std::iter::successors(Some(cell), |id| self.grid.get(*id).and_then(|cell| cell.parent.as_ref())).take(8)
    }

    /// The finest grid cell whose area holds the position.
    #[must_use]
    pub fn cell_at(&self, at: Position) -> Option<&GridCell> {
        self.grid
            .values()
            .filter(|cell| cell.geometry.as_ref().is_some_and(|area| area.contains(at)))
            .max_by_key(|cell| cell.level)
    }

    /// What hangs together badly: whatever refers to what is not there.
    #[must_use]
    pub fn gaps(&self) -> Vec<Gap<'_>> {
        let mut gaps = Vec::new();
        let grid = |cell: &&GridId| !self.grid.contains_key(*cell);
        let of = |of| move |lacks| Gap { of, lacks };
        for place in self.places.values() {
            let units = place.units.iter().filter(|unit| !self.units.contains_key(*unit)).map(Entry::Unit);
            let lacks = place.grid.iter().filter(grid).map(Entry::Grid).chain(units);
            gaps.extend(lacks.map(of(Entry::Place(&place.id))));
        }
        for device in self.devices.values() {
            let places = device.places.iter().map(|covered| &covered.place);
            let places = places.filter(|place| !self.places.contains_key(*place)).map(Entry::Place);
            let upstream = device.upstream.iter().filter(|upstream| !self.devices.contains_key(*upstream));
            let lacks = places.chain(upstream.map(Entry::Device));
            gaps.extend(lacks.map(of(Entry::Device(&device.id))));
        }
        for cell in self.grid.values() {
            gaps.extend(cell.parent.iter().filter(grid).map(Entry::Grid).map(of(Entry::Grid(&cell.id))));
        }
        gaps
    }
}
