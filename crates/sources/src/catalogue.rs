//! Catalogue files (INTERFACE §7): tables of grid cells, places, devices and units into the domain.

mod cells;
mod columns;
mod fit;
mod registrar;
mod shapes;

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_domain::catalogue::{Catalogue, Coverage, Device, DeviceKind, GridCell, GridLevel, Place, Unit};
use muster_domain::id::{ClassId, Competence, DeviceId, GridId, PlaceId, UnitId};
use muster_rules::rulebook::RuleBook;

use crate::table::{Bad, Row, Table};
use cells::Cells;
use columns::columns;

pub use registrar::{NotTaken, Registrar, Taken, Taking};

/// What a catalogue file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 网格.
    Grid,
    /// 点位.
    Places,
    /// 设备.
    Devices,
    /// 处置单位.
    Units,
}

impl Kind {
    /// Every kind, in the order in which they refer to one another.
    pub const ALL: [Self; 4] = [Self::Grid, Self::Units, Self::Places, Self::Devices];

    /// The name on the command line and in routes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Places => "places",
            Self::Devices => "devices",
            Self::Units => "units",
        }
    }

    /// The kind of a name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// How many things a file brings, changes or leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Difference {
    /// New ones.
    pub added: usize,
    /// Known ones that read differently now.
    pub changed: usize,
    /// Known ones that read the same.
    pub same: usize,
}

/// Reads a table into a catalogue: what it names is added or replaced, what it does not name stays.
///
/// With `partial`, bad lines are left out instead of refusing the whole file; they are still named, each once.
///
/// # Errors
/// Every bad line, when nothing was taken over.
pub fn read_into(
    catalogue: &mut Catalogue,
    kind: Kind,
    table: &Table,
    partial: bool,
) -> Result<(Difference, Vec<Bad>), Vec<Bad>> {
    let (rows, wrong) = read(kind, table)?;
    take(catalogue, rows, wrong, partial)
}

/// The same for lines that must also go with a rule book, and may name only what the catalogue holds with them.
///
/// # Errors
/// As [`read_into`].
pub fn read_fitting(
    catalogue: &mut Catalogue,
    book: &RuleBook,
    kind: Kind,
    table: &Table,
    partial: bool,
) -> Result<(Difference, Vec<Bad>), Vec<Bad>> {
    let (mut rows, mut wrong) = read(kind, table)?;
    fit::Fit { catalogue, book, kind, table, partial }.sift(&mut rows, &mut wrong);
    wrong.sort_by_key(|bad| bad.line);
    take(catalogue, rows, wrong, partial)
}

/// A line as what it is.
#[derive(Debug)]
enum Item {
    Cell(GridCell),
    Place(Arc<Place>),
    Device(Arc<Device>),
    Unit(Arc<Unit>),
}

type Rows<'a> = Vec<(&'a Row, Item)>;

/// What the lines say by themselves, and those that say nothing.
fn read(kind: Kind, table: &Table) -> Result<(Rows<'_>, Vec<Bad>), Vec<Bad>> {
    let (known, needed) = columns(kind);
    table.require(known, needed)?;
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    let mut names: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &table.rows {
        let cells = Cells { table, row };
        if let Some(first) = names.insert(cells.name(), row.line) {
            wrong.push(table.bad(row, "id", format!("stands on line {first} already")));
            continue;
        }
        let item = match kind {
            Kind::Grid => grid_cell(&cells).map(Item::Cell),
            Kind::Places => place(&cells).map(|place| Item::Place(Arc::new(place))),
            Kind::Devices => device(&cells).map(|device| Item::Device(Arc::new(device))),
            Kind::Units => unit(&cells).map(|unit| Item::Unit(Arc::new(unit))),
        };
        match item {
            Ok(item) => rows.push((row, item)),
            Err(bad) => wrong.push(bad),
        }
    }
    Ok((rows, wrong))
}

fn take(
    catalogue: &mut Catalogue,
    rows: Rows<'_>,
    wrong: Vec<Bad>,
    partial: bool,
) -> Result<(Difference, Vec<Bad>), Vec<Bad>> {
    if !wrong.is_empty() && !partial {
        return Err(wrong);
    }
    let mut difference = Difference::default();
    for (_, item) in rows {
        let count = &mut difference;
        match item {
            Item::Cell(cell) => count.put(&mut catalogue.grid, cell.id.clone(), cell),
            Item::Place(place) => count.put(&mut catalogue.places, place.id.clone(), place),
            Item::Device(device) => count.put(&mut catalogue.devices, device.id.clone(), device),
            Item::Unit(unit) => count.put(&mut catalogue.units, unit.id.clone(), unit),
        }
    }
    Ok((difference, wrong))
}

impl Difference {
    fn put<K: Ord, V: PartialEq>(&mut self, map: &mut BTreeMap<K, V>, key: K, value: V) {
        match map.get(&key) {
            None => self.added += 1,
            Some(known) if *known == value => return self.same += 1,
            Some(_) => self.changed += 1,
        }
        map.insert(key, value);
    }
}

fn grid_cell(cells: &Cells<'_>) -> Result<GridCell, Bad> {
    let level = match cells.text("level", "层级") {
        "district" | "区县" => GridLevel::District,
        "street" | "街道" => GridLevel::Street,
        "community" | "社区" => GridLevel::Community,
        "grid" | "网格" => GridLevel::Grid,
        "microgrid" | "微网格" => GridLevel::Microgrid,
        _ => return Err(cells.bad("level", "must be district, street, community, grid or microgrid")),
    };
    Ok(GridCell {
        id: cells.id("id", "编码", GridId::parse)?,
        name: cells.needed("name", "名称")?,
        level,
        parent: cells.maybe_id("parent", "上级", GridId::parse)?,
        geometry: cells.geometry()?,
    })
}

fn place(cells: &Cells<'_>) -> Result<Place, Bad> {
    Ok(Place {
        id: cells.id("id", "编码", PlaceId::parse)?,
        class: cells.id("class", "类别", ClassId::parse)?,
        name: cells.needed("name", "名称")?,
        grid: cells.maybe_id("grid", "网格", GridId::parse)?,
        position: cells.position()?,
        geometry: cells.geometry()?,
        props: cells.props()?,
        combine: cells.combine()?,
        units: cells.ids("units", "责任单位", UnitId::parse)?,
    })
}

/// How other systems name devices.
const SCHEMES: [&str; 5] = ["gb28181", "gat1400", "frigate", "gb26875", "mqtt"];

fn device(cells: &Cells<'_>) -> Result<Device, Bad> {
    let kind = match cells.text("kind", "类型") {
        "camera" | "摄像机" => DeviceKind::Camera,
        "sensor" | "传感器" => DeviceKind::Sensor,
        "loudspeaker" | "广播" => DeviceKind::Loudspeaker,
        "gateway" | "网关" => DeviceKind::Gateway,
        "recorder" | "录像机" => DeviceKind::Recorder,
        _ => return Err(cells.bad("kind", "must be camera, sensor, loudspeaker, gateway or recorder")),
    };
    let places = cells.row.list("places", "点位").map(|part| {
        let (place, zone) = part.split_once('@').map_or((part, None), |(place, zone)| (place, Some(zone)));
        let place = PlaceId::parse(place.trim()).map_err(|error| cells.bad("places", error.to_string()))?;
        Ok(Coverage { place, zone: zone.map(|zone| zone.trim().to_owned()) })
    });
    let external = cells.row.list("external_ids", "外部编号").map(|id| match id.split_once(':') {
        Some((scheme, value)) if SCHEMES.contains(&scheme) && !value.is_empty() => Ok(id.to_owned()),
        _ => Err(cells.bad("external_ids", format!("`{id}` is not scheme:value of {}", SCHEMES.join(", ")))),
    });
    Ok(Device {
        id: cells.id("id", "编码", DeviceId::parse)?,
        kind,
        name: cells.needed("name", "名称")?,
        places: places.collect::<Result<_, Bad>>()?,
        upstream: cells.maybe_id("upstream", "上级设备", DeviceId::parse)?,
        external_ids: external.collect::<Result<_, Bad>>()?,
        reports: cells.reports()?,
        props: cells.props()?,
    })
}

fn unit(cells: &Cells<'_>) -> Result<Unit, Bad> {
    let competence = cells.ids("competence", "职责", Competence::parse)?;
    if competence.is_empty() {
        return Err(cells.bad("competence", "names nothing that the unit is competent for"));
    }
    let capacity = match cells.text("capacity", "同时案件数") {
        "" => None,
        text => Some(text.parse().map_err(|_| cells.bad("capacity", "must be a whole number"))?),
    };
    let phone = cells.text("phone", "电话");
    let (valid_from, valid_to) = (cells.instant("valid_from", "生效")?, cells.instant("valid_to", "失效")?);
    if valid_from.zip(valid_to).is_some_and(|(from, to)| to <= from) {
        return Err(cells.bad("valid_to", "is not after valid_from: the unit would never be valid"));
    }
    Ok(Unit {
        id: cells.id("id", "编码", UnitId::parse)?,
        name: cells.needed("name", "名称")?,
        kind: cells.text("kind", "类型").to_owned(),
        grids: cells.ids("grids", "负责网格", GridId::parse)?,
        competence,
        capacity,
        phone: (!phone.is_empty()).then(|| phone.to_owned()),
        valid_from,
        valid_to,
    })
}

impl Row {
    /// Whether this row has anything in a column.
    #[must_use]
    pub fn has(&self, en: &str, zh: &str) -> bool {
        !self.either(en, zh).is_empty()
    }
}

#[cfg(test)]
mod tests;
