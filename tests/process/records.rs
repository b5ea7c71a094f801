//! What the tests send, and the small catalogue and rule book that it is about.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::stage::CatalogueFiles;

/// The kind of case that the rule below opens.
pub(crate) const KIND: &str = "fire.lane.blocked";

/// One rule with holds so short that nobody waits for them; its evidence carries its own times.
pub(crate) const RULES: &str = r#"
[[observation]]
kind = "occupancy"
reports = "every 10s"
made_by = "analytics"
values = { occupied = "bool", vehicles = "int" }

[[place_class]]
id = "fire_lane"
name = { zh = "消防车通道", en = "Fire lane" }
props = {}

[[rule]]
id = "lane"
version = 1
name = { zh = "消防通道占用", en = "Fire lane blocked" }
watches = "fire_lane"
sees = ["occupancy"]
combine = "any"
raise = { when = "occupied", for = "2s" }
clear = { when = "!occupied", for = "1s" }
blind = { after = "10m", case_after = "1h" }
reopen_within = "30m"
rearm = "30m"
kind = "fire.lane.blocked"
severity = 4
mode = "live"
limits = { accept = "15m", arrive = "30m", close = "2h" }
why = { zh = "被占用，已 {held}，限 {needed}", en = "Occupied for {held} (limit {needed})" }

[[rule.respond]]
after = "0s"
seats = [{ role = "lead", competence = "enforcement" }]

[[rule.example]]
name = "two seconds are enough"
steps = [
  { at = "0s", see = { occupied = false } },
  { at = "1s", see = { occupied = true } },
  { at = "2s", expect = "suspected", episodes = 0 },
  { at = "3s", expect = "present", episodes = 1 },
]
"#;

/// Three lanes, each with a camera, and the units that may be sent.
pub(crate) const STREET: CatalogueFiles<'static> = CatalogueFiles {
    grid: "id,name,level,parent,geometry\n500103005,试验街道,street,,\n",
    places: "id,class,name,grid,lon,lat,crs,geometry,props,combine,units\n\
             lane-1,fire_lane,一号通道,500103005,106.551,29.561,wgs84,,,,\n\
             lane-2,fire_lane,二号通道,500103005,106.552,29.562,wgs84,,,,\n\
             lane-3,fire_lane,三号通道,500103005,106.553,29.563,wgs84,,,,\n",
    devices: "id,kind,name,places,upstream,external_ids,reports,props\n\
              cam-1,camera,一号相机,lane-1,,,,\n\
              cam-2,camera,二号相机,lane-2,,,,\n\
              cam-3,camera,三号相机,lane-3,,,,\n",
    units: "id,name,kind,grids,competence,capacity,phone,valid_from,valid_to\n\
            enforcement,执法队,enforcement,500103005,enforcement,,023-0001,,\n\
            coordination,综合协调岗,coordination,500103005,coordination,,023-0002,,\n",
};

/// So many milliseconds before now, as RFC 3339.
pub(crate) fn ago(millis: i64) -> String {
    (Timestamp::now() - SignedDuration::from_millis(millis)).to_string()
}

/// What a lane's camera saw, so many milliseconds ago.
pub(crate) fn seen(lane: u32, id: &str, millis: i64, occupied: bool) -> Value {
    json!({
        "specversion": "1.0", "type": "muster.observation.v1", "source": "/gateways/test", "id": id,
        "time": ago(millis), "datacontenttype": "application/json",
        "data": { "device": format!("cam-{lane}"), "kind": "occupancy", "values": { "occupied": occupied } },
    })
}

/// A lane that was free, then stood full for long enough.
pub(crate) fn blocked(lane: u32) -> Vec<Value> {
    vec![
        seen(lane, &format!("free-{lane}"), 6_000, false),
        seen(lane, &format!("full-{lane}"), 5_000, true),
        seen(lane, &format!("still-{lane}"), 1_000, true),
    ]
}
