//! Which unit fills a seat: competence first, then responsibility for the place, then load; always with the reason.

use muster_domain::catalogue::{Catalogue, Unit};
use muster_domain::id::{Competence, GridId, PlaceId, UnitId};
use muster_domain::text::Words;
use muster_domain::time::Filed;

/// The competence of the post that gets what nobody else can take (综合协调岗).
pub const COORDINATION: &str = "coordination";

/// A seat that wants a unit.
#[derive(Debug, Clone, Copy)]
pub struct SeatRequest<'a> {
    /// What the unit must be competent for.
    pub competence: &'a Competence,
    /// The place, where the case has one.
    pub place: Option<&'a PlaceId>,
    /// The grid cell, where it is known.
    pub grid: Option<&'a GridId>,
    /// Nobody has said where it is: it has to be located before anybody is sent.
    pub unlocated: bool,
    /// Units not to be asked.
    pub excluded: &'a [UnitId],
    /// When.
    pub now: Filed,
}

/// Who is asked, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The unit; `None` = not even the coordination post can take it.
    pub unit: Option<UnitId>,
    /// Why this one, or why none.
    pub why: Words,
    /// It is the coordination post, for want of anybody else.
    pub fallback: bool,
}

/// Chooses a unit for a seat. Total: what nobody is competent for goes to the coordination post, and so does what has to
/// be located first.
#[must_use]
pub fn choose(catalogue: &Catalogue, request: &SeatRequest<'_>, load: &dyn Fn(&UnitId) -> u32) -> Choice {
    if request.unlocated
        && let Some((unit, _)) = best(catalogue, request, COORDINATION, load)
    {
        return Choice {
            unit: Some(unit.id.clone()),
            why: Words::new("地点不明，交综合协调岗定位", "nobody knows where; the coordination post is to locate it"),
            fallback: true,
        };
    }
    if let Some((unit, nearness)) = best(catalogue, request, request.competence.as_str(), load) {
        return Choice { unit: Some(unit.id.clone()), why: nearness.words(unit, load(&unit.id)), fallback: false };
    }
    let competence = request.competence;
    match best(catalogue, request, COORDINATION, load) {
        Some((unit, _)) => Choice {
            unit: Some(unit.id.clone()),
            why: Words::new(
                format!("此处没有能派的“{competence}”单位，交综合协调岗"),
                format!("no unit for {competence} can be sent here; it goes to the coordination post"),
            ),
            fallback: true,
        },
        None => Choice {
            unit: None,
            why: Words::new(
                format!("没有能派的“{competence}”单位，综合协调岗也不可派"),
                format!("no unit for {competence} can be sent, and no coordination post either"),
            ),
            fallback: false,
        },
    }
}

/// How near a unit is to a case, nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Nearness {
    /// The place names it as responsible.
    OfPlace,
    /// It is responsible for a grid cell so many steps above the case's own.
    OfGrid(usize),
    /// It is responsible everywhere, or nobody knows where the case is.
    Everywhere,
}

impl Nearness {
    fn words(self, unit: &Unit, load: u32) -> Words {
        let (zh, en) = match self {
            Self::OfPlace => ("点位责任单位", "responsible for the place"),
            Self::OfGrid(_) => ("本网格责任单位", "responsible for the grid cell"),
            Self::Everywhere => ("全域可派", "can be sent anywhere"),
        };
        Words::new(format!("{}：{zh}，在手 {load} 件", unit.name), format!("{}: {en}, {load} in hand", unit.name))
    }
}

fn best<'a>(
    catalogue: &'a Catalogue,
    request: &SeatRequest<'_>,
    competence: &str,
    load: &dyn Fn(&UnitId) -> u32,
) -> Option<(&'a Unit, Nearness)> {
    catalogue
        .units
        .values()
        .filter(|unit| can(unit, request, competence) && unit.capacity.is_none_or(|most| load(&unit.id) < most))
        .filter_map(|unit| Some((unit.as_ref(), nearness(catalogue, request, unit)?)))
        .min_by(|(a, near_a), (b, near_b)| (near_a, load(&a.id), &a.id).cmp(&(near_b, load(&b.id), &b.id)))
}

fn can(unit: &Unit, request: &SeatRequest<'_>, competence: &str) -> bool {
    let competent = unit.competence.iter().any(|own| {
        competence == own.as_str() || competence.strip_prefix(own.as_str()).is_some_and(|rest| rest.starts_with('.'))
    });
    competent
        && !request.excluded.contains(&unit.id)
        && unit.valid_from.is_none_or(|from| from <= request.now)
        && unit.valid_to.is_none_or(|to| request.now < to)
}

fn nearness(catalogue: &Catalogue, request: &SeatRequest<'_>, unit: &Unit) -> Option<Nearness> {
    let place = request.place.and_then(|id| catalogue.places.get(id));
    if place.is_some_and(|place| place.units.contains(&unit.id)) {
        return Some(Nearness::OfPlace);
    }
    let Some(grid) = request.grid else { return Some(Nearness::Everywhere) };
    if unit.grids.is_empty() {
        return Some(Nearness::Everywhere);
    }
    let near = catalogue.ancestry(grid).position(|cell| unit.grids.contains(cell)).map(Nearness::OfGrid);
    // A cell that the catalogue does not know tells nobody where the case is.
    near.or_else(|| (!catalogue.grid.contains_key(grid)).then_some(Nearness::Everywhere))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use muster_domain::catalogue::{GridCell, GridLevel};

    fn unit(catalogue: &mut Catalogue, id: &str, competence: &str, grid: &str) -> UnitId {
        let unit = Unit {
            id: UnitId::parse(id).unwrap(),
            name: id.to_owned(),
            kind: String::new(),
            grids: if grid.is_empty() { vec![] } else { vec![GridId::parse(grid).unwrap()] },
            competence: vec![Competence::parse(competence).unwrap()],
            capacity: Some(2),
            phone: None,
            valid_from: None,
            valid_to: None,
        };
        let id = unit.id.clone();
        catalogue.units.insert(id.clone(), Arc::new(unit));
        id
    }

    fn street() -> Catalogue {
        let mut catalogue = Catalogue::default();
        for (id, parent) in [("s", None), ("c", Some("s")), ("g", Some("c"))] {
            let cell = GridCell {
                id: GridId::parse(id).unwrap(),
                name: id.to_owned(),
                level: GridLevel::Grid,
                parent: parent.map(|id| GridId::parse(id).unwrap()),
                geometry: None,
            };
            catalogue.grid.insert(cell.id.clone(), cell);
        }
        catalogue
    }

    fn pick(catalogue: &Catalogue, competence: &str, excluded: &[UnitId], load: &dyn Fn(&UnitId) -> u32) -> Choice {
        let (competence, grid) = (Competence::parse(competence).unwrap(), GridId::parse("g").unwrap());
        let request = SeatRequest {
            competence: &competence,
            place: None,
            grid: Some(&grid),
            unlocated: false,
            excluded,
            now: Filed::from_micros(0),
        };
        choose(catalogue, &request, load)
    }

    #[test]
    fn the_nearest_then_the_least_loaded_is_asked() {
        let mut catalogue = street();
        let far = unit(&mut catalogue, "a-far", "enforcement", "s");
        let near = unit(&mut catalogue, "b-near", "enforcement", "g");
        let also = unit(&mut catalogue, "c-near", "enforcement", "g");
        assert_eq!(pick(&catalogue, "enforcement", &[], &|_| 0).unit, Some(near.clone()));
        let busy = |id: &UnitId| u32::from(*id == near);
        assert_eq!(pick(&catalogue, "enforcement", &[], &busy).unit, Some(also.clone()));
        let full = |id: &UnitId| if *id == far { 0 } else { 2 };
        assert_eq!(pick(&catalogue, "enforcement.parking", &[], &full).unit, Some(far.clone()));
        assert_eq!(pick(&catalogue, "enforcement", &[near, also], &|_| 0).unit, Some(far));
    }

    #[test]
    fn a_cell_that_nobody_knows_keeps_nobody_from_being_asked() {
        let mut catalogue = street();
        let post = unit(&mut catalogue, "post", COORDINATION, "s");
        let (competence, grid) = (Competence::parse(COORDINATION).unwrap(), GridId::parse("zz").unwrap());
        let now = Filed::from_micros(0);
        let request = SeatRequest {
            competence: &competence,
            place: None,
            grid: Some(&grid),
            unlocated: false,
            excluded: &[],
            now,
        };
        assert_eq!(choose(&catalogue, &request, &|_| 0).unit, Some(post));
    }

    #[test]
    fn without_a_route_it_goes_to_the_coordination_post_and_says_so() {
        let mut catalogue = street();
        unit(&mut catalogue, "a", "enforcement", "g");
        let none = pick(&catalogue, "fire", &[], &|_| 0);
        assert_eq!((none.unit, none.fallback), (None, false));
        let post = unit(&mut catalogue, "post", COORDINATION, "s");
        let fallback = pick(&catalogue, "fire", &[], &|_| 0);
        assert_eq!((fallback.unit, fallback.fallback), (Some(post), true));
        assert!(fallback.why.zh.contains("fire") && fallback.why.en.contains("fire"));
        let enforce = pick(&catalogue, "enforcer", &[], &|_| 0);
        assert!(enforce.fallback, "a prefix counts only with a dot");
    }

    #[test]
    fn what_nobody_has_located_goes_to_the_coordination_post_first() {
        let mut catalogue = street();
        let anywhere = unit(&mut catalogue, "a", "enforcement", "");
        let competence = Competence::parse("enforcement").unwrap();
        let now = Filed::from_micros(0);
        let request =
            SeatRequest { competence: &competence, place: None, grid: None, unlocated: true, excluded: &[], now };
        assert_eq!(choose(&catalogue, &request, &|_| 0).unit, Some(anywhere.clone()), "where there is no such post");
        let post = unit(&mut catalogue, "post", COORDINATION, "s");
        let choice = choose(&catalogue, &request, &|_| 0);
        assert_eq!((choice.unit, choice.fallback), (Some(post), true));
        let located = SeatRequest { unlocated: false, ..request };
        assert_eq!(choose(&catalogue, &located, &|_| 0).unit, Some(anywhere));
    }
}
