//! The schematic street map: the catalogue's own geometry, every place that is not clear in view, no name over another.

pub mod labels;
mod projection;
mod scenery;

pub use projection::Projection;
pub use scenery::{MAX_BYTES, Road, Scenery, SceneryError};

use muster_domain::case::Case;
use muster_domain::catalogue::{GridLevel, Place};
use muster_domain::condition::Subject;
use muster_domain::geo::{Geometry, Position};
use muster_domain::id::CaseId;
use muster_domain::time::Span;

use crate::phrase;
use crate::scene::{ConditionNow, Scene};
use crate::text::Text;
use crate::tone::{Standing, Tone, standing_of};
use crate::view::why::Line;
use labels::{Rect, Side, Spot, Wish};

/// The box a map is drawn for; text keeps its size, so each box gets names laid out for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// The name of the box in style sheets.
    pub name: &'static str,
    /// Width in units.
    pub w: f64,
    /// Height in units.
    pub h: f64,
    /// What the legend covers at the top.
    pub head: f64,
}

/// The middle of the board on a large screen.
pub const WIDE: Frame = Frame { name: "wide", w: 990.0, h: 930.0, head: 48.0 };
/// The middle of the board on a laptop.
pub const MID: Frame = Frame { name: "mid", w: 610.0, h: 750.0, head: 48.0 };
/// A telephone.
pub const SLIM: Frame = Frame { name: "slim", w: 375.0, h: 440.0, head: 68.0 };

/// A map, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct MapView {
    /// Its box.
    pub frame: Frame,
    /// The street's outline.
    pub street: Vec<String>,
    /// Outlines of communities and grids: path and level.
    pub cells: Vec<(String, &'static str)>,
    /// Roads: path and class.
    pub roads: Vec<(String, &'static str)>,
    /// Water.
    pub water: Vec<String>,
    /// Markers, the worst last so that it lies on top.
    pub marks: Vec<Mark>,
    /// Names of places.
    pub names: Vec<Name>,
    /// What is not clear and had no room for its name: state, name, and state with how long.
    pub unnamed: Vec<(Tone, String, Line)>,
    /// Names of roads and communities.
    pub soft_names: Vec<SoftName>,
    /// What a screen reader says instead.
    pub summary: String,
}

/// A place on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// Where.
    pub x: f64,
    /// Where.
    pub y: f64,
    /// Half its size.
    pub r: f64,
    /// `room`, `lane`, `area` or `spot`.
    pub shape: &'static str,
    /// Its state.
    pub tone: Tone,
    /// It is also blind.
    pub blind: bool,
    /// It is the selected case's.
    pub selected: bool,
    /// The outline of a lane or an area.
    pub outline: Option<(String, &'static str)>,
    /// How far an area reaches to the side.
    pub breadth: Option<f64>,
    /// What it opens.
    pub href: Option<String>,
    /// Name, state and reason for hover and screen readers.
    pub title: String,
}

impl Mark {
    /// The path of its shape around its middle.
    #[must_use]
    pub fn body(&self) -> String {
        let r = self.r;
        match self.shape {
            "room" => format!("M{0} {0}H{1}V{1}H{0}Z", tenth(-r * 0.86), tenth(r * 0.86)),
            "lane" => format!("M0 {}L{r} {2}H{1}Z", -r, -r, tenth(r * 0.78)),
            "area" => format!("M{} 0a{r} {r} 0 1 0 {2} 0a{r} {r} 0 1 0 {1} 0Z", -r, -2.0 * r, 2.0 * r),
            _ => format!("M0 {0}L{r} 0L0 {r}L{0} 0Z", -r),
        }
    }

    /// Whether something is drawn around it, so that it is seen from across the room.
    #[must_use]
    pub const fn has_halo(&self) -> bool {
        matches!(self.tone, Tone::Present | Tone::Reported | Tone::Suspected | Tone::Easing)
    }
}

/// A name on the map.
#[derive(Debug, Clone, PartialEq)]
pub struct Name {
    /// Where its text is anchored.
    pub x: f64,
    /// The base line of its first line.
    pub y: f64,
    /// `start`, `middle` or `end`.
    pub anchor: &'static str,
    /// The name.
    pub text: String,
    /// Its state under it, and for how long.
    pub under: Line,
    /// Its state.
    pub tone: Tone,
    /// A line from the marker: from x, y to x, y.
    pub leader: Option<[f64; 4]>,
}

/// A road's or community's name.
#[derive(Debug, Clone, PartialEq)]
pub struct SoftName {
    /// Where its text begins.
    pub x: f64,
    /// Its base line.
    pub y: f64,
    /// The name.
    pub text: String,
    /// `road` or `cell`.
    pub class: &'static str,
}

/// So many names move out of the way of others; further ones are left out rather than fill the map with lines.
const MUST_NAMES: usize = 14;
/// How many names a box has room for without lines all over it; on a telephone the list names the rest.
fn most_names(frame: Frame) -> usize {
    MUST_NAMES.min((frame.w * frame.h / 30_000.0) as usize)
}

const NAME_PX: f64 = 14.0;
const UNDER_PX: f64 = 13.0;

/// Draws the street for a box.
#[must_use]
pub fn draw(
    scene: &Scene<'_>,
    conditions: &[ConditionNow],
    cases: &[Case],
    selected: Option<&CaseId>,
    frame: Frame,
) -> MapView {
    let inner = Rect { x: 26.0, y: frame.head + 14.0, w: frame.w - 52.0, h: frame.h - frame.head - 34.0 };
    let map = Projection::fit(extent(scene), inner);
    let mut standings: Vec<(Standing<'_>, &Place)> = scene
        .catalogue
        .places
        .values()
        .map(|place| (standing_of(&Subject::Place(place.id.clone()), conditions, cases), place.as_ref()))
        .collect();
    // What has a case is named before what has none yet.
    standings.sort_by_key(|(standing, place)| (standing.case.is_none(), standing.tone, place.id.clone()));
    let mut marks = Vec::new();
    let mut wishes = Vec::new();
    for (standing, place) in &standings {
        let Some(at) = whereabouts(place) else { continue };
        let mark = mark(scene, &map, place, standing, at, selected);
        if standing.tone != Tone::Clear {
            let unsettled = standing.tone < Tone::Unknown && wishes.len() < most_names(frame);
            wishes.push(wish(scene, place, standing, &mark, unsettled));
        }
        marks.push(mark);
    }
    spots_of_reports(scene, &map, cases, selected, &mut marks);
    let (names, soft_names) = name_all(scene, &map, frame, &marks, &wishes);
    let unnamed = unnamed(&wishes, &names);
    marks.reverse();
    let (cells, street) = outlines(scene, &map);
    MapView {
        frame,
        street,
        cells,
        roads: scene
            .scenery
            .roads
            .iter()
            .map(|road| (map.path(&road.line, false), if road.main { "main" } else { "side" }))
            .collect(),
        water: scene.scenery.water.iter().map(|ring| map.path(ring, true)).collect(),
        marks,
        names,
        unnamed,
        soft_names,
        summary: summary(scene, &standings),
    }
}

/// Draws only what lies around one position, for the field page.
#[must_use]
pub fn draw_around(scene: &Scene<'_>, at: Position, shape: &'static str, frame: Frame) -> MapView {
    const NEAR_DEGREES: f64 = 0.0016;
    let corner = |dx: f64, dy: f64| Position::new(at.lon() + dx, at.lat() + dy).unwrap_or(at);
    let corners = [corner(-NEAR_DEGREES, -NEAR_DEGREES), corner(NEAR_DEGREES, NEAR_DEGREES)];
    let inner = Rect { x: 0.0, y: 0.0, w: frame.w, h: frame.h };
    let map = Projection::fit(corners.into_iter(), inner);
    let (x, y) = map.at(at);
    let mark = Mark {
        x,
        y,
        r: 12.0,
        shape,
        tone: Tone::Present,
        blind: false,
        selected: false,
        outline: None,
        breadth: None,
        href: None,
        title: scene.look.t(Text::Here).to_owned(),
    };
    let marks = vec![mark];
    let (_, soft_names) = name_all(scene, &map, frame, &marks, &[]);
    let (cells, street) = outlines(scene, &map);
    MapView {
        frame,
        street,
        cells,
        roads: scene
            .scenery
            .roads
            .iter()
            .map(|road| (map.path(&road.line, false), if road.main { "main" } else { "side" }))
            .collect(),
        water: scene.scenery.water.iter().map(|ring| map.path(ring, true)).collect(),
        marks,
        names: Vec::new(),
        unnamed: Vec::new(),
        soft_names,
        summary: scene.look.t(Text::FieldWhere).to_owned(),
    }
}

/// Where a place is drawn.
#[must_use]
pub fn whereabouts(place: &Place) -> Option<Position> {
    place.position.or_else(|| place.geometry.as_ref().map(Geometry::middle))
}

/// The shape that stands for a class of place.
#[must_use]
pub fn shape_of(class: &str) -> &'static str {
    match class {
        "control_room" => "room",
        "fire_lane" => "lane",
        "key_area" => "area",
        _ => "spot",
    }
}

fn extent<'a>(scene: &Scene<'a>) -> impl Iterator<Item = Position> + use<'a> {
    let catalogue = scene.catalogue;
    let places = catalogue.places.values().flat_map(|place| {
        whereabouts(place).into_iter().chain(place.geometry.iter().flat_map(|shape| shape.points().iter().copied()))
    });
    let cells = catalogue.grid.values().filter(|cell| cell.level >= GridLevel::Street);
    places.chain(cells.flat_map(|cell| cell.geometry.iter().flat_map(|shape| shape.points().iter().copied())))
}

fn outlines(scene: &Scene<'_>, map: &Projection) -> (Vec<(String, &'static str)>, Vec<String>) {
    let (mut cells, mut street) = (Vec::new(), Vec::new());
    for cell in scene.catalogue.grid.values() {
        let Some(Geometry::Polygon(ring)) = &cell.geometry else { continue };
        match cell.level {
            GridLevel::Street => street.push(map.path(ring, true)),
            GridLevel::Community => cells.push((map.path(ring, true), "community")),
            GridLevel::Grid => cells.push((map.path(ring, true), "grid")),
            GridLevel::District | GridLevel::Microgrid => {}
        }
    }
    (cells, street)
}

fn mark(
    scene: &Scene<'_>,
    map: &Projection,
    place: &Place,
    standing: &Standing<'_>,
    at: Position,
    selected: Option<&CaseId>,
) -> Mark {
    let (x, y) = map.at(at);
    let outline = match &place.geometry {
        Some(Geometry::Polygon(ring)) => Some((map.path(ring, true), "ring")),
        _ => None,
    };
    let loud = matches!(standing.tone, Tone::Present | Tone::Reported | Tone::Suspected | Tone::Easing);
    Mark {
        x,
        y,
        r: if loud {
            12.0
        } else if standing.tone == Tone::Blind {
            10.0
        } else {
            6.5
        },
        shape: shape_of(place.class.as_str()),
        tone: standing.tone,
        blind: standing.blind,
        selected: standing.case.is_some() && standing.case == selected,
        outline,
        breadth: breadth(map, place, x),
        href: standing.case.map(|case| format!("/?case={case}")),
        title: format!("{}{}{}", scene.place_name(&place.id), scene.look.dot(), standing.line(scene)),
    }
}

fn breadth(map: &Projection, place: &Place, x: f64) -> Option<f64> {
    let Some(Geometry::Polygon(ring)) = &place.geometry else { return None };
    ring.iter().map(|corner| (map.at(*corner).0 - x).abs()).reduce(f64::max)
}

/// How wide a line becomes while it ticks within the hour.
fn widest(scene: &Scene<'_>, line: &Line) -> f64 {
    let hour = || phrase::width_em(&phrase::span(scene.look.lang, Span::from_micros(3_599_000_000)));
    let ticks = line.lasted.as_ref().map_or(0.0, |lasted| phrase::width_em(&lasted.text).max(hour()));
    phrase::width_em(&line.before) + ticks + phrase::width_em(&line.after)
}

struct Named {
    text: String,
    under: Line,
    tone: Tone,
    wish: Wish,
}

fn wish(scene: &Scene<'_>, place: &Place, standing: &Standing<'_>, mark: &Mark, must: bool) -> Named {
    let rule = standing.condition.map(|condition| &condition.rule);
    let (text, under) = (scene.place_at(&place.id, rule), standing.short(scene));
    let width = (phrase::width_em(&text) * NAME_PX).max(widest(scene, &under) * UNDER_PX) + 4.0;
    let loud = if mark.has_halo() { mark.r + 8.0 } else { mark.r + 2.0 };
    // A name stands beside an area, not on it, unless the area is so large that it would be lost.
    let reach = mark.breadth.map_or(loud, |breadth| breadth.clamp(loud, 44.0));
    let size = (width + 6.0, NAME_PX + UNDER_PX + 8.0);
    Named { wish: Wish { anchor: (mark.x, mark.y), reach, size, must }, text, under, tone: standing.tone }
}

/// Cases that stand at no place of the catalogue but at a position of their own.
fn spots_of_reports(
    scene: &Scene<'_>,
    map: &Projection,
    cases: &[Case],
    selected: Option<&CaseId>,
    marks: &mut Vec<Mark>,
) {
    for case in cases.iter().filter(|case| case.state.is_live() && case.place().is_none()) {
        let Some(at) = case.position else { continue };
        let (x, y) = map.at(at);
        marks.push(Mark {
            x,
            y,
            r: 9.0,
            shape: "spot",
            tone: Tone::Reported,
            blind: false,
            selected: selected == Some(&case.id),
            outline: None,
            breadth: None,
            href: Some(format!("/?case={}", case.id)),
            title: format!("{}{}{}", scene.kind(&case.kind), scene.look.dot(), scene.subject(case)),
        });
    }
}

fn name_all(
    scene: &Scene<'_>,
    map: &Projection,
    frame: Frame,
    marks: &[Mark],
    named: &[Named],
) -> (Vec<Name>, Vec<SoftName>) {
    let bounds = Rect { x: 6.0, y: frame.head, w: frame.w - 12.0, h: frame.h - frame.head - 6.0 };
    let (mut hard, mut soft) = (Vec::new(), Vec::new());
    for mark in marks {
        let loud = matches!(mark.tone, Tone::Present | Tone::Reported);
        let rect = Rect::around((mark.x, mark.y), mark.r + if loud { 7.0 } else { 1.0 });
        if mark.tone < Tone::Unknown { hard.push(rect) } else { soft.push(rect) }
    }
    let under = soft_wishes(scene, map);
    let wishes: Vec<Wish> = named.iter().map(|named| named.wish).chain(under.iter().map(|(wish, ..)| *wish)).collect();
    let spots = labels::place(bounds, &wishes, &hard, &soft);
    let names = named.iter().zip(&spots).filter_map(|(named, spot)| Some(lettered(named, spot.as_ref()?))).collect();
    let soft_names = under
        .into_iter()
        .zip(spots.iter().skip(named.len()))
        .filter_map(|((_, text, class), spot)| {
            let rect = spot.as_ref()?.rect;
            Some(SoftName { x: tenth(rect.x), y: tenth(rect.y + rect.h - 4.0), text, class })
        })
        .collect();
    (names, soft_names)
}

fn unnamed(wishes: &[Named], names: &[Name]) -> Vec<(Tone, String, Line)> {
    let has_name = |wish: &Named| names.iter().any(|name| name.text == wish.text && name.under == wish.under);
    wishes
        .iter()
        .filter(|wish| wish.tone < Tone::Unknown && !has_name(wish))
        .map(|wish| (wish.tone, wish.text.clone(), wish.under.clone()))
        .collect()
}

fn soft_wishes(scene: &Scene<'_>, map: &Projection) -> Vec<(Wish, String, &'static str)> {
    let wish = |at: (f64, f64), text: &str, px: f64| Wish {
        anchor: at,
        reach: 0.0,
        size: (phrase::width_em(text) * px + 4.0, px + 5.0),
        must: false,
    };
    let cells = scene.catalogue.grid.values().filter(|cell| cell.level == GridLevel::Community).filter_map(|cell| {
        let name = scene.grid(&cell.id);
        Some((wish(map.at(cell.geometry.as_ref()?.middle()), &name, 13.0), name, "cell"))
    });
    let roads = scene.scenery.roads.iter().filter(|road| !road.name.is_empty()).filter_map(|road| {
        let middle = *road.line.get(road.line.len() / 2)?;
        Some((wish(map.at(middle), &road.name, 12.0), road.name.clone(), "road"))
    });
    cells.chain(roads).collect()
}

fn lettered(named: &Named, spot: &Spot) -> Name {
    let rect = spot.rect;
    let (x, anchor) = match spot.side {
        Side::Start => (rect.x, "start"),
        Side::Middle => (rect.x + rect.w / 2.0, "middle"),
        Side::End => (rect.x + rect.w, "end"),
    };
    let from = named.wish.anchor;
    Name {
        x: tenth(x),
        y: tenth(rect.y + NAME_PX),
        anchor,
        text: named.text.clone(),
        under: named.under.clone(),
        tone: named.tone,
        leader: spot.leader.map(|to| led(from, named.wish.reach, to)),
    }
}

/// A leader begins at the edge of the marker, not in its middle.
fn led(from: (f64, f64), reach: f64, to: (f64, f64)) -> [f64; 4] {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let start = reach.min(length) / length;
    [tenth(from.0 + dx * start), tenth(from.1 + dy * start), tenth(to.0), tenth(to.1)]
}

fn tenth(x: f64) -> f64 {
    (x * 10.0).round() / 10.0
}

fn summary(scene: &Scene<'_>, standings: &[(Standing<'_>, &Place)]) -> String {
    let look = scene.look;
    let parts: Vec<String> = Tone::ALL
        .into_iter()
        .map(|tone| (tone, standings.iter().filter(|(standing, _)| standing.tone == tone).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(tone, count)| format!("{} {count}", look.t(tone.text())))
        .collect();
    format!("{}{}{}", look.t(Text::Map), look.lang.pick("：", ": "), parts.join(look.lang.pick("，", ", ")))
}
