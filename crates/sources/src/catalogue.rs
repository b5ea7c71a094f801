//! Catalogue files (INTERFACE §7): tables of grid cells, places, devices and units into the domain.

mod cells;
mod registrar;
mod shapes;

use std::sync::Arc;

use muster_domain::catalogue::{Catalogue, Coverage, Device, DeviceKind, GridCell, GridLevel, Place, Unit};
use muster_domain::id::{ClassId, Competence, DeviceId, GridId, PlaceId, UnitId};

use crate::table::{Bad, Row, Table};
use cells::Cells;

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
/// With `partial`, bad lines are left out instead of refusing the whole file; they are still named.
///
/// # Errors
/// Every bad line, when nothing was taken over.
pub fn read_into(
    catalogue: &mut Catalogue,
    kind: Kind,
    table: &Table,
    partial: bool,
) -> Result<(Difference, Vec<Bad>), Vec<Bad>> {
    let (known, needed) = columns(kind);
    table.require(known, needed)?;
    let (mut draft, mut difference, mut wrong) = (catalogue.clone(), Difference::default(), Vec::new());
    let mut names: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for row in &table.rows {
        let cells = Cells { table, row };
        if let Some(first) = names.insert(cells.text("id", "编码").to_owned(), row.line) {
            wrong.push(table.bad(row, "id", format!("stands on line {first} already")));
            continue;
        }
        match take(&mut draft, kind, &cells) {
            Ok(Step::Added) => difference.added += 1,
            Ok(Step::Changed) => difference.changed += 1,
            Ok(Step::Same) => difference.same += 1,
            Err(bad) => wrong.push(bad),
        }
    }
    if !wrong.is_empty() && !partial {
        return Err(wrong);
    }
    *catalogue = draft;
    Ok((difference, wrong))
}

enum Step {
    Added,
    Changed,
    Same,
}

fn take(catalogue: &mut Catalogue, kind: Kind, cells: &Cells<'_>) -> Result<Step, Bad> {
    fn put<K: Ord, V: PartialEq>(map: &mut std::collections::BTreeMap<K, V>, key: K, value: V) -> Step {
        match map.get(&key) {
            None => drop(map.insert(key, value)),
            Some(known) if *known == value => return Step::Same,
            Some(_) => {
                map.insert(key, value);
                return Step::Changed;
            }
        }
        Step::Added
    }
    Ok(match kind {
        Kind::Grid => {
            let cell = grid_cell(cells)?;
            put(&mut catalogue.grid, cell.id.clone(), cell)
        }
        Kind::Places => {
            let place = place(cells)?;
            put(&mut catalogue.places, place.id.clone(), Arc::new(place))
        }
        Kind::Devices => {
            let device = device(cells)?;
            put(&mut catalogue.devices, device.id.clone(), Arc::new(device))
        }
        Kind::Units => {
            let unit = unit(cells)?;
            put(&mut catalogue.units, unit.id.clone(), Arc::new(unit))
        }
    })
}

type Columns = (&'static [(&'static str, &'static str)], &'static [&'static str]);

fn columns(kind: Kind) -> Columns {
    match kind {
        Kind::Grid => (
            &[("id", "编码"), ("name", "名称"), ("level", "层级"), ("parent", "上级"), ("geometry", "范围")],
            &["id", "name", "level"],
        ),
        Kind::Places => (
            &[
                ("id", "编码"),
                ("class", "类别"),
                ("name", "名称"),
                ("grid", "网格"),
                ("lon", "经度"),
                ("lat", "纬度"),
                ("crs", "坐标系"),
                ("geometry", "范围"),
                ("props", "属性"),
                ("combine", "合并"),
                ("units", "责任单位"),
            ],
            &["id", "class", "name"],
        ),
        Kind::Devices => (
            &[
                ("id", "编码"),
                ("kind", "类型"),
                ("name", "名称"),
                ("places", "点位"),
                ("upstream", "上级设备"),
                ("external_ids", "外部编号"),
                ("reports", "上报方式"),
                ("props", "属性"),
            ],
            &["id", "kind", "name"],
        ),
        Kind::Units => (
            &[
                ("id", "编码"),
                ("name", "名称"),
                ("kind", "类型"),
                ("grids", "负责网格"),
                ("competence", "职责"),
                ("capacity", "同时案件数"),
                ("phone", "电话"),
                ("valid_from", "生效"),
                ("valid_to", "失效"),
            ],
            &["id", "name", "competence"],
        ),
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
        Some((scheme, value)) if !scheme.is_empty() && !value.is_empty() => Ok(id.to_owned()),
        _ => Err(cells.bad("external_ids", format!("`{id}` is not scheme:value"))),
    });
    Ok(Device {
        id: cells.id("id", "编码", DeviceId::parse)?,
        kind,
        name: cells.needed("name", "名称")?,
        places: places.collect::<Result<_, Bad>>()?,
        upstream: cells.maybe_id("upstream", "上级设备", DeviceId::parse)?,
        external_ids: external.collect::<Result<_, Bad>>()?,
        reports: cells.reports()?,
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
    Ok(Unit {
        id: cells.id("id", "编码", UnitId::parse)?,
        name: cells.needed("name", "名称")?,
        kind: cells.text("kind", "类型").to_owned(),
        grids: cells.ids("grids", "负责网格", GridId::parse)?,
        competence,
        capacity,
        phone: (!phone.is_empty()).then(|| phone.to_owned()),
        valid_from: cells.instant("valid_from", "生效")?,
        valid_to: cells.instant("valid_to", "失效")?,
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
