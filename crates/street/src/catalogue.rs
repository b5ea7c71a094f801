//! The example street's own files, and what the simulation needs to know of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::StreetError;

/// The catalogue files of a street, as text.
#[derive(Debug, Clone, Copy)]
pub struct StreetFiles {
    /// `grid.csv`.
    pub grid: &'static str,
    /// `places.csv`.
    pub places: &'static str,
    /// `devices.csv`.
    pub devices: &'static str,
    /// `units.csv`.
    pub units: &'static str,
    /// `roads.geojson`: lines for the map, in no catalogue.
    pub roads: &'static str,
}

/// The example street of `deploy/street`, invented and labelled 示意.
pub const EXAMPLE: StreetFiles = StreetFiles {
    grid: include_str!("../../../deploy/street/grid.csv"),
    places: include_str!("../../../deploy/street/places.csv"),
    devices: include_str!("../../../deploy/street/devices.csv"),
    units: include_str!("../../../deploy/street/units.csv"),
    roads: include_str!("../../../deploy/street/roads.geojson"),
};

/// The rule book that goes with it: file name and text, in the order of the names.
pub const EXAMPLE_RULES: [(&str, &str); 5] = [
    ("classes.toml", include_str!("../../../deploy/rules/classes.toml")),
    ("control_room.toml", include_str!("../../../deploy/rules/control_room.toml")),
    ("fire_lane.toml", include_str!("../../../deploy/rules/fire_lane.toml")),
    ("key_area.toml", include_str!("../../../deploy/rules/key_area.toml")),
    ("kinds.toml", include_str!("../../../deploy/rules/kinds.toml")),
];

/// Everything that stands in the street and does something there.
#[derive(Debug)]
pub(crate) struct Street {
    pub(crate) places: Vec<Place>,
    pub(crate) devices: Vec<Device>,
}

/// A place as the world needs it.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) id: String,
    pub(crate) class: Class,
    pub(crate) name: String,
    pub(crate) grid: String,
    pub(crate) lon: f64,
    pub(crate) lat: f64,
    /// Views of its cameras do not overlap.
    pub(crate) sums: bool,
    /// Persons per square metre at which the area is full; 0 elsewhere.
    pub(crate) limit: f64,
    /// Has a loudspeaker.
    pub(crate) loud: bool,
}

/// What can happen at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Lane,
    Room,
    Area,
}

/// A device as the world needs it.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) id: String,
    pub(crate) camera: bool,
    /// The CloudEvents source it is heard through: its gateway.
    pub(crate) source: String,
    /// Indices into the street's places.
    pub(crate) places: Vec<usize>,
    pub(crate) speaks: Vec<Speaks>,
}

/// One kind of observation that a device makes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Speaks {
    pub(crate) kind: Kind,
    /// Seconds between repeats; `None` = only on a change or an event.
    pub(crate) every: Option<i64>,
}

/// The kinds of observation that the street's devices make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Persons,
    Occupancy,
    Crowd,
    Intrusion,
    Loitering,
    Alarm,
    RollCall,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Persons => "persons",
            Self::Occupancy => "occupancy",
            Self::Crowd => "crowd",
            Self::Intrusion => "intrusion",
            Self::Loitering => "loitering",
            Self::Alarm => "alarm",
            Self::RollCall => "roll_call",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Persons, Self::Occupancy, Self::Crowd, Self::Intrusion, Self::Loitering, Self::Alarm, Self::RollCall]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

#[derive(Deserialize)]
struct PlaceRow {
    id: String,
    class: String,
    name: String,
    grid: String,
    lon: f64,
    lat: f64,
    props: String,
    combine: String,
}

#[derive(Deserialize, Default)]
struct Props {
    density_limit: Option<f64>,
}

#[derive(Deserialize)]
struct DeviceRow {
    id: String,
    kind: String,
    places: String,
    upstream: String,
    reports: String,
}

impl Street {
    /// Reads the places and devices of a street.
    pub(crate) fn read(files: &StreetFiles) -> Result<Self, StreetError> {
        let mut places = Vec::new();
        for (line, row) in rows::<PlaceRow>("places.csv", files.places)? {
            places.push(place(row).map_err(|reason| StreetError::Catalogue { file: "places.csv", line, reason })?);
        }
        let rows = rows::<DeviceRow>("devices.csv", files.devices)?;
        let upstream: BTreeMap<String, String> =
            rows.iter().map(|(_, row)| (row.id.clone(), row.upstream.clone())).collect();
        let mut devices = Vec::new();
        for (line, row) in rows {
            let loud = row.kind == "loudspeaker";
            let device = device(row, &places, &upstream).map_err(|reason| StreetError::Catalogue {
                file: "devices.csv",
                line,
                reason,
            })?;
            for &place in device.places.iter().filter(|_| loud) {
                places[place].loud = true;
            }
            devices.push(device);
        }
        Ok(Self { places, devices })
    }

    /// The index of a place by its id.
    pub(crate) fn place(&self, id: &str) -> Option<usize> {
        self.places.iter().position(|place| place.id == id)
    }

    /// The index of a device by its id.
    pub(crate) fn device(&self, id: &str) -> Option<usize> {
        self.devices.iter().position(|device| device.id == id)
    }

    /// The devices that make a kind of observation at a place, in the order of the file.
    pub(crate) fn speakers(&self, place: usize, kind: Kind) -> impl Iterator<Item = usize> {
        self.devices.iter().enumerate().filter_map(move |(index, device)| {
            let speaks = device.places.contains(&place) && device.speaks.iter().any(|speaks| speaks.kind == kind);
            speaks.then_some(index)
        })
    }
}

fn rows<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<Vec<(u64, T)>, StreetError> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for (index, row) in reader.deserialize().enumerate() {
        let line = index as u64 + 2;
        rows.push((line, row.map_err(|error| StreetError::Catalogue { file, line, reason: error.to_string() })?));
    }
    Ok(rows)
}

fn place(row: PlaceRow) -> Result<Place, String> {
    let class = match row.class.as_str() {
        "fire_lane" => Class::Lane,
        "control_room" => Class::Room,
        "key_area" => Class::Area,
        other => return Err(format!("no simulation for places of class {other}")),
    };
    let props: Props = match row.props.as_str() {
        "" => Props::default(),
        text => serde_json::from_str(text).map_err(|error| format!("props: {error}"))?,
    };
    Ok(Place {
        id: row.id,
        class,
        name: row.name,
        grid: row.grid,
        lon: row.lon,
        lat: row.lat,
        sums: row.combine == "sum",
        limit: props.density_limit.unwrap_or_default(),
        loud: false,
    })
}

fn device(row: DeviceRow, places: &[Place], upstream: &BTreeMap<String, String>) -> Result<Device, String> {
    let covered = row.places.split(';').filter(|text| !text.is_empty()).map(|text| {
        let id = text.split('@').next().unwrap_or(text);
        places.iter().position(|place| place.id == id).ok_or_else(|| format!("place {id} is not in places.csv"))
    });
    let speaks = row.reports.split(';').filter(|text| !text.is_empty()).map(|text| {
        let (kind, how) = text.split_once('=').ok_or_else(|| format!("reports: {text} is not kind=how"))?;
        let kind = Kind::named(kind).ok_or_else(|| format!("reports: no simulation for {kind}"))?;
        let every = match how {
            "on_change" | "on_event" => None,
            _ => Some(
                how.strip_prefix("every ")
                    .and_then(|text| text.strip_suffix('s'))
                    .and_then(|text| text.parse().ok())
                    .filter(|seconds| (1..=3_600).contains(seconds))
                    .ok_or_else(|| format!("reports: {how} is not every <seconds>s, on_change or on_event"))?,
            ),
        };
        Ok::<_, String>(Speaks { kind, every })
    });
    let mut root = row.id.as_str();
    for _ in 0..8 {
        root = upstream.get(root).filter(|above| !above.is_empty()).map_or(root, String::as_str);
    }
    Ok(Device {
        camera: row.kind == "camera",
        source: format!("/gateways/{}", root.strip_prefix("gw-").unwrap_or(root)),
        places: covered.collect::<Result<_, _>>()?,
        speaks: speaks.collect::<Result<_, _>>()?,
        id: row.id,
    })
}
