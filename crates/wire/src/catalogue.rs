//! `muster.catalogue.v1`: everything that stands in the street, as one document: a configuration version.

mod device;
mod unit;

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_domain::catalogue::{Catalogue, Combine, Device, DeviceKind, GridCell, GridLevel, Place, Unit};
use muster_domain::id::{ClassId, GridId, PlaceId, UnitId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::geometry::{GeometryV1, PositionV1};
use crate::mirror::mirrored;
use crate::text::Text;
use crate::value::Values;
use crate::{read, write};
use device::DeviceV1;
use unit::UnitV1;

/// The `format` of the document.
pub const FORMAT: &str = "muster.catalogue.v1";

/// Writes a catalogue; the same catalogue always gives the same bytes.
#[must_use]
pub fn write(catalogue: &Catalogue) -> String {
    write::text(&CatalogueV1::from(catalogue))
}

/// Reads a catalogue.
///
/// # Errors
/// [`WireError`] if it is something else, or names a thing twice.
pub fn read(json: &str) -> Result<Catalogue, WireError> {
    read::typed::<CatalogueV1<'_>>(json, &At::Root)?.checked()
}

/// A place as something that serde can write.
pub fn mirror_place(place: &Place) -> impl Serialize + '_ {
    PlaceV1::from(place)
}

/// A device as something that serde can write.
pub fn mirror_device(device: &Device) -> impl Serialize + '_ {
    DeviceV1::from(device)
}

/// A grid cell as something that serde can write.
pub fn mirror_cell(cell: &GridCell) -> impl Serialize + '_ {
    GridCellV1::from(cell)
}

/// A unit as something that serde can write.
pub fn mirror_unit(unit: &Unit) -> impl Serialize + '_ {
    UnitV1::from(unit)
}

/// Everything that stands in the street.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Catalogue", bound(deserialize = "'de: 'a"))]
pub(crate) struct CatalogueV1<'a> {
    /// Always `muster.catalogue.v1`.
    format: Text<'a>,
    /// Grid cells in the order of their ids, like everything here.
    grid: Vec<GridCellV1<'a>>,
    /// Places.
    places: Vec<PlaceV1<'a>>,
    /// Devices.
    devices: Vec<DeviceV1<'a>>,
    /// Units.
    units: Vec<UnitV1<'a>>,
}

impl<'a> From<&'a Catalogue> for CatalogueV1<'a> {
    fn from(catalogue: &'a Catalogue) -> Self {
        Self {
            format: FORMAT.into(),
            grid: catalogue.grid.values().map(GridCellV1::from).collect(),
            places: catalogue.places.values().map(|place| (&**place).into()).collect(),
            devices: catalogue.devices.values().map(|device| (&**device).into()).collect(),
            units: catalogue.units.values().map(|unit| (&**unit).into()).collect(),
        }
    }
}

impl CatalogueV1<'_> {
    fn checked(self) -> Result<Catalogue, WireError> {
        if &*self.format != FORMAT {
            return Err(At::Root
                .key("format")
                .refuse(Code::UnknownType, Fault::OtherFormat.with(&[("wanted", &FORMAT)])));
        }
        let (places, devices) = (At::Root.key("places"), At::Root.key("devices"));
        let (grid, units) = (At::Root.key("grid"), At::Root.key("units"));
        Ok(Catalogue {
            grid: by_id(read::each(self.grid, grid, GridCellV1::checked)?, grid, |cell| (cell.id.clone(), cell))?,
            places: by_id(read::each(self.places, places, PlaceV1::checked)?, places, |place| {
                (place.id.clone(), Arc::new(place))
            })?,
            devices: by_id(read::each(self.devices, devices, DeviceV1::checked)?, devices, |device| {
                (device.id.clone(), Arc::new(device))
            })?,
            units: by_id(read::each(self.units, units, UnitV1::checked)?, units, |unit| {
                (unit.id.clone(), Arc::new(unit))
            })?,
        })
    }
}

fn by_id<T, K: Ord, V>(items: Vec<T>, at: At<'_>, entry: fn(T) -> (K, V)) -> Result<BTreeMap<K, V>, WireError> {
    let mut map = BTreeMap::new();
    for (n, item) in items.into_iter().enumerate() {
        let (id, value) = entry(item);
        if map.insert(id, value).is_some() {
            return Err(at.item(n).key("id").refuse(Code::DuplicateKey, Fault::IdTwice));
        }
    }
    Ok(map)
}

/// A cell of the grid.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "GridCell", bound(deserialize = "'de: 'a"))]
struct GridCellV1<'a> {
    /// Its id.
    id: Text<'a>,
    /// Its name.
    name: Text<'a>,
    /// How far down the tree it is.
    level: GridLevelV1,
    /// The cell above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<Text<'a>>,
    /// Its area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    geometry: Option<GeometryV1>,
}

impl<'a> From<&'a GridCell> for GridCellV1<'a> {
    fn from(cell: &'a GridCell) -> Self {
        Self {
            id: cell.id.as_str().into(),
            name: (&cell.name).into(),
            level: cell.level.into(),
            parent: cell.parent.as_ref().map(|id| id.as_str().into()),
            geometry: cell.geometry.as_ref().map(GeometryV1::from),
        }
    }
}

impl GridCellV1<'_> {
    fn checked(self, at: At<'_>) -> Result<GridCell, WireError> {
        Ok(GridCell {
            id: read::id(&self.id, at.key("id"), GridId::parse)?,
            name: self.name.into(),
            level: self.level.into(),
            parent: read::maybe_id(self.parent.as_ref(), at.key("parent"), GridId::parse)?,
            geometry: self.geometry.map(|shape| shape.checked(at.key("geometry"))).transpose()?,
        })
    }
}

/// A place that a rule can watch.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Place", bound(deserialize = "'de: 'a"))]
struct PlaceV1<'a> {
    /// Its id.
    id: Text<'a>,
    /// Its class, such as `control_room`.
    class: Text<'a>,
    /// Its name.
    name: Text<'a>,
    /// The grid cell it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    grid: Option<Text<'a>>,
    /// A point for its marker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    position: Option<PositionV1>,
    /// Its shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    geometry: Option<GeometryV1>,
    /// Properties of its class.
    #[serde(default)]
    props: Values<'a>,
    /// How several sources combine here, where that differs from the rule's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    combine: Option<CombineV1>,
    /// Units responsible for it.
    #[serde(default)]
    units: Vec<Text<'a>>,
}

impl<'a> From<&'a Place> for PlaceV1<'a> {
    fn from(place: &'a Place) -> Self {
        Self {
            id: place.id.as_str().into(),
            class: place.class.as_str().into(),
            name: (&place.name).into(),
            grid: place.grid.as_ref().map(|id| id.as_str().into()),
            position: place.position.map(PositionV1::from),
            geometry: place.geometry.as_ref().map(GeometryV1::from),
            props: Values::of(&place.props),
            combine: place.combine.map(CombineV1::from),
            units: place.units.iter().map(|id| id.as_str().into()).collect(),
        }
    }
}

impl PlaceV1<'_> {
    fn checked(self, at: At<'_>) -> Result<Place, WireError> {
        Ok(Place {
            id: read::id(&self.id, at.key("id"), PlaceId::parse)?,
            class: read::id(&self.class, at.key("class"), ClassId::parse)?,
            name: self.name.into(),
            grid: read::maybe_id(self.grid.as_ref(), at.key("grid"), GridId::parse)?,
            position: self.position.map(|position| position.checked(at.key("position"))).transpose()?,
            geometry: self.geometry.map(|shape| shape.checked(at.key("geometry"))).transpose()?,
            props: self.props.checked(at.key("props"))?.into_iter().map(|(name, value)| (name.into(), value)).collect(),
            combine: self.combine.map(Combine::from),
            units: read::ids(&self.units, at.key("units"), UnitId::parse)?,
        })
    }
}

mirrored! {
    /// How several sources that cover one place give one answer.
    CombineV1 as "Combine" = Combine { Any, All, Max, Sum }
    /// What a device is.
    DeviceKindV1 as "DeviceKind" = DeviceKind { Camera, Sensor, Loudspeaker, Gateway, Recorder }
    /// A level of the grid, from the top.
    GridLevelV1 as "GridLevel" = GridLevel { District, Street, Community, Grid, Microgrid }
}
