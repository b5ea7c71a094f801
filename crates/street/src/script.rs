//! The opening minutes: what every visitor of the demo sees, whatever the seed.

use crate::MICROS;
use crate::catalogue::Street;
use crate::world::{Change, Lens, Notice, Saying};

/// A lane that a van has blocked since five seconds less than the dwell, and that only a team clears.
pub(crate) const BLOCKED_LANE: &str = "lane-jbl-3";
/// A lane whose driver leaves when the loudspeaker speaks.
pub(crate) const WARNED_LANE: &str = "lane-mzxj-11";
/// A room that both guards have left.
pub(crate) const EMPTY_ROOM: &str = "cr-guomao";
/// A room whose camera lives while its analytics are dead.
pub(crate) const BLIND_CAMERA_ROOM: &str = "cr-zengjiayan";
/// A lane whose lens is covered for three minutes.
pub(crate) const COVERED_LANE: &str = "lane-zsl-21";
/// A room with one guard of two.
pub(crate) const SHORT_ROOM: &str = "cr-xuetianwan";
/// A room that is empty to the camera, and answers.
pub(crate) const ANSWERING_ROOM: &str = "cr-jialing";
/// The square that fills up.
pub(crate) const FULL_AREA: &str = "area-renmin";

/// The script, with instants in microseconds since 1970; what lies before `start` is already so when the burst begins.
pub(crate) fn opening(street: &Street, start: i64) -> Vec<(i64, Change)> {
    let mut script = Vec::new();
    let mut at = |seconds: i64, change: Option<Change>| {
        script.extend(change.map(|change| (start + seconds * MICROS, change)));
    };
    let place = |id: &str| street.place(id);
    let lens = |id: &str, lens: Lens| {
        let camera =
            |place: usize| street.devices.iter().position(|device| device.camera && device.places.contains(&place));
        place(id).and_then(camera).map(|device| Change::See { device, lens })
    };
    let staff = |id: &str, persons: u32, hears: bool| place(id).map(|place| Change::Staff { place, persons, hears });

    at(-175, place(BLOCKED_LANE).map(|place| Change::Stop { place, vehicles: 1, heeds: false }));
    at(-150, place(WARNED_LANE).map(|place| Change::Stop { place, vehicles: 1, heeds: true }));
    at(-220, staff(EMPTY_ROOM, 0, false));
    at(-3_600, staff(SHORT_ROOM, 1, true));
    at(-5, lens(BLIND_CAMERA_ROOM, Lens::Mindless));
    at(20, lens(COVERED_LANE, Lens::Covered));
    at(200, lens(COVERED_LANE, Lens::Clear));
    at(
        25,
        place("area-xuetianwan")
            .map(|near| report("grid-workers", "street.vending", "流动摊贩占道经营（示意）", near, false)),
    );
    at(
        45,
        place(BLOCKED_LANE)
            .map(|near| report("141", "fire.lane.blocked", "消防通道被一辆货车堵住（示意）", near, true)),
    );
    at(60, staff(ANSWERING_ROOM, 0, true));
    at(120, place(FULL_AREA).map(|place| Change::Surge { place, density: 4.6 }));
    at(900, staff(EMPTY_ROOM, crate::world::WATCH, true));
    at(600, staff(ANSWERING_ROOM, crate::world::WATCH, true));
    at(1_080, staff(SHORT_ROOM, crate::world::WATCH, true));
    at(900, place(FULL_AREA).map(|place| Change::Calm { place, visit: None }));
    at(1_500, lens(BLIND_CAMERA_ROOM, Lens::Clear));
    script
}

fn report(source: &'static str, kind: &'static str, text: &'static str, near: usize, names_place: bool) -> Change {
    let severity = if names_place { 4 } else { 2 };
    Change::Say(Saying::Report(Notice { source, kind, text, severity, near, names_place }))
}
