//! The random day: who stops where, who steps out, which camera fails, what people report.

use crate::MICROS;
use crate::catalogue::{Class, Kind, Street};
use crate::world::{Change, Lens, Notice, Saying, World};

/// Mean seconds between stops in one lane, short ones included.
const STOPS: i64 = 1_800;
/// Mean seconds between absences from one room.
const ABSENCES: i64 = 10_800;
/// Seconds between two looks at how an area fills.
const DRIFT: i64 = 60;
/// Mean seconds between failures of one camera.
const FAILURES: i64 = 2 * 86_400;
/// Mean seconds between two reports by people.
const REPORTS: i64 = 720;

/// What people report that no camera here sees.
const NOTICED: [(&str, &str, u8); 5] = [
    ("street.vending", "流动摊贩占道经营（示意）", 2),
    ("street.bicycles", "共享单车占压人行道（示意）", 1),
    ("street.litter", "路边暴露垃圾（示意）", 1),
    ("street.noise", "商铺外放音响扰民（示意）", 2),
    ("street.shop_overflow", "店外摆放货物（示意）", 2),
];

/// Puts the first of everything on the agenda.
pub(crate) fn begin(world: &mut World, street: &Street, at: i64) {
    for place in 0..street.places.len() {
        let wait = first_wait(world, place);
        world.plan(at + wait * MICROS, Change::Live { place });
    }
    for device in (0..street.devices.len()).filter(|&device| street.devices[device].camera) {
        let wait = world.chance.wait(FAILURES);
        world.plan(at + wait * MICROS, Change::Wear { device });
    }
    let wait = world.chance.wait(REPORTS);
    world.plan(at + wait * MICROS, Change::Walk);
}

fn first_wait(world: &mut World, place: usize) -> i64 {
    match world.spots[place].class {
        Some(Class::Lane) => world.chances[place].wait(STOPS),
        Some(Class::Room) => world.chances[place].wait(ABSENCES),
        Some(Class::Area) | None => DRIFT,
    }
}

/// The next thing of an ordinary day at one place.
pub(crate) fn live(world: &mut World, place: usize, now: i64) {
    if now < world.spots[place].staged_until {
        world.plan(world.spots[place].staged_until + MICROS, Change::Live { place });
        return;
    }
    let lasted = match world.spots[place].class {
        Some(Class::Lane) => stop(world, place, now),
        Some(Class::Room) => step_out(world, place, now),
        Some(Class::Area) => drift(world, place, now),
        None => return,
    };
    let wait = lasted + first_wait(world, place);
    world.plan(now + wait * MICROS, Change::Live { place });
}

fn stop(world: &mut World, place: usize, now: i64) -> i64 {
    if world.spots[place].vehicles > 0 {
        return 60;
    }
    let chance = &mut world.chances[place];
    let (stays, heeds) = match chance.between(1, 100) {
        1..=8 => (chance.between(240, 2_400), chance.between(1, 10) <= 6),
        _ => (chance.between(15, 150), true),
    };
    let vehicles = if chance.once_in(6) { 2 } else { 1 };
    let visit = world.spots[place].visit + 1;
    world.plan(now, Change::Stop { place, vehicles, heeds });
    world.plan(now + stays * MICROS, Change::Leave { place, visit: Some(visit) });
    stays
}

fn step_out(world: &mut World, place: usize, now: i64) -> i64 {
    if world.spots[place].persons == 0 {
        return 60;
    }
    let chance = &mut world.chances[place];
    let (persons, away) = match chance.between(1, 100) {
        1..=4 => (0, chance.between(330, 720)),
        5..=10 => (1, chance.between(960, 1_500)),
        _ => (1, chance.between(90, 720)),
    };
    let hears = persons > 0 || chance.between(1, 10) <= 6;
    let visit = world.spots[place].visit + 1;
    world.plan(now, Change::Staff { place, persons, hears });
    world.plan(now + away * MICROS, Change::Return { place, visit: Some(visit) });
    away
}

fn drift(world: &mut World, place: usize, now: i64) -> i64 {
    let spot = &mut world.spots[place];
    let chance = &mut world.chances[place];
    if spot.surge {
        return 0;
    }
    #[expect(clippy::cast_precision_loss, reason = "tenths of a person")]
    let step = chance.between(-3, 3) as f64 / 10.0;
    spot.density = (spot.density + step + (1.4 - spot.density) * 0.2).clamp(0.3, 2.4);
    if chance.once_in(240) {
        let (visit, lasts, density) = (spot.visit + 1, chance.between(360, 900), spot.limit + 0.7);
        world.plan(now, Change::Surge { place, density });
        world.plan(now + lasts * MICROS, Change::Calm { place, visit: Some(visit) });
    } else if chance.once_in(90) {
        world.plan(now, Change::Say(Saying::Impulse(place, Kind::Loitering)));
    } else if chance.once_in(180) {
        world.plan(now, Change::Say(Saying::Impulse(place, Kind::Intrusion)));
    }
    0
}

/// A camera fails for a while and comes back.
pub(crate) fn wear(world: &mut World, device: usize, now: i64) {
    let lens = if world.chance.once_in(3) { Lens::Covered } else { Lens::Mindless };
    let lasts = world.chance.between(180, 1_500);
    let next = lasts + world.chance.wait(FAILURES);
    if world.lenses[device] == Lens::Clear {
        world.plan(now, Change::See { device, lens });
        world.plan(now + lasts * MICROS, Change::See { device, lens: Lens::Clear });
    }
    world.plan(now + next * MICROS, Change::Wear { device });
}

/// Somebody on their round reports something.
pub(crate) fn walk(world: &mut World, now: i64) {
    let places = i64::try_from(world.spots.len()).unwrap_or(1);
    let near = usize::try_from(world.chance.between(0, places - 1)).unwrap_or_default();
    let chosen = usize::try_from(world.chance.between(0, 4)).unwrap_or_default();
    let (kind, text, severity) = NOTICED[chosen];
    let source = if world.chance.once_in(4) { "141" } else { "grid-workers" };
    world.sayings.push(Saying::Report(Notice { source, kind, text, severity, near, names_place: false }));
    let wait = world.chance.wait(REPORTS);
    world.plan(now + wait * MICROS, Change::Walk);
}
