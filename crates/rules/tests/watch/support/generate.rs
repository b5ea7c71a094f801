//! How random worlds are drawn; everything shrinks towards short, early and simple.

use muster_domain::catalogue::Combine;
use muster_domain::record::{ActKind, OutcomeState, Part};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::book::{Kind, RuleSpec, Version};
use super::world::{Claims, Happening, Healths, Sees, World};

/// How wild a world is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wildness {
    pub(crate) devices: usize,
    pub(crate) places: usize,
    pub(crate) delays: bool,
    /// Records that say that a part is not well.
    pub(crate) sick: bool,
    /// Acts, outcomes, takeovers, outages.
    pub(crate) people: bool,
    /// A second configuration version.
    pub(crate) versions: bool,
}

/// Everything at once.
pub(crate) const WILD: Wildness =
    Wildness { devices: 3, places: 2, delays: true, sick: true, people: true, versions: true };

pub(crate) fn world(wild: Wildness) -> BoxedStrategy<World> {
    let rules = if wild.people { 1..3 } else { 1..2_usize };
    let version = (vec(rule(), rules), 1..=wild.places, 1..=wild.devices, any::<bool>());
    let rules_again = vec(prop_oneof![1 => Just(None), 5 => rule().prop_map(Some)], 2);
    let second = (20..150_i64, rules_again, 1..=wild.places, 1..=wild.devices, any::<bool>());
    let second = if wild.versions { proptest::option::weighted(0.3, second).boxed() } else { Just(None).boxed() };
    (version, second, select(vec![1_i64, 2, 5, 3]), 60..260_i64)
        .prop_flat_map(move |((rules, places, devices, quiet_device), second, tick_every, length)| {
            let kinds: Vec<Kind> = rules.iter().map(|rule| rule.kind).collect();
            let first = Version { rules: rules.into_iter().map(Some).collect(), places, devices, quiet_device };
            let second = second.map(|(at, rules, places, devices, quiet_device)| {
                let rules = first.rules.iter().zip(rules).map(|(old, new)| Some(changed(old.as_ref()?, new?)));
                let rules = rules.collect();
                (at, Version { rules, places, devices, quiet_device })
            });
            let most = |count: fn(&Version) -> usize| second.iter().map(|(_, s)| count(s)).max().unwrap_or(0);
            let shape = (places.max(most(|s| s.places)), devices.max(most(|s| s.devices)), kinds.len());
            let happenings = vec(happening(wild, kinds, shape, length), 3..24);
            (Just(first), Just(second), Just(tick_every), Just(length), happenings)
        })
        .prop_map(|(first, second, tick_every, length, happenings)| World {
            first,
            second,
            tick_every,
            length,
            happenings,
        })
        .boxed()
}

/// A later version of a rule changes its numbers, not what it is about.
fn changed(old: &RuleSpec, new: RuleSpec) -> RuleSpec {
    let RuleSpec { kind, neither, ladder, combine, .. } = *old;
    RuleSpec { kind, neither, ladder, combine, ..new }.mended()
}

fn rule() -> impl Strategy<Value = RuleSpec> {
    let kind = select(vec![Kind::Persons, Kind::Occupied, Kind::Persons, Kind::Line, Kind::Fleeting]);
    let combine = select(vec![Combine::Any, Combine::Any, Combine::Max, Combine::Sum, Combine::All]);
    let times = (select(vec![0_i64, 5, 20, 60, 33]), select(vec![0_i64, 5, 20, 40, -1]), select(vec![0_i64, 3, 5, 12]));
    let more = (select(vec![10_i64, 15, 30, 60]), select(vec![0_i64, 20, 45]));
    (kind, times, more, combine, any::<bool>(), any::<bool>()).prop_map(
        |(kind, (raise, clear, tolerate), (after, rearm), combine, neither, ladder)| {
            RuleSpec { kind, raise, clear, tolerate, after, rearm, combine, neither, ladder }.mended()
        },
    )
}

fn happening(
    wild: Wildness,
    kinds: Vec<Kind>,
    (places, devices, rules): (usize, usize, usize),
    length: i64,
) -> BoxedStrategy<Happening> {
    let delays = if wild.delays { vec![0_i64, 0, 0, 0, 1, 4, -3, 12, 40] } else { vec![0_i64] };
    let rhythm = (0..length, select(vec![10_i64, 10, 5, 7, 1, 15]), 1..10_i64, select(delays));
    let claims = select(
        vec![Claims::Nothing; 6]
            .into_iter()
            .chain([Claims::Healthy, if wild.sick { Claims::Occluded } else { Claims::Healthy }, Claims::Test])
            .collect::<Vec<_>>(),
    );
    let cut = if wild.delays { 0..60_i64 } else { 0..1 };
    let sees = (0..devices, 0..places, select(kinds), rhythm.clone(), (0..3_i64, cut), claims, 0..40_u8).prop_map(
        |(device, place, kind, (from, every, times, delay), (persons, cut), claims, late)| {
            let (late, cut_until) = (late == 39, from + (cut - 40).max(0) * 5);
            Happening::Sees(Sees { device, place, kind, from, every, times, persons, delay, cut_until, claims, late })
        },
    );
    let parts = select(vec![Part::Analytics, Part::Analytics, Part::Camera, Part::Link]);
    let healths = (0..devices, 0..places, parts, rhythm, 0..6_u8).prop_map(
        move |(device, place, part, (from, every, times, delay), sick)| {
            let healthy = sick != 5 || !wild.sick;
            Happening::Healths(Healths { device, place, part, from, every, times, delay, healthy })
        },
    );
    if !wild.people {
        return prop_oneof![3 => sees, 1 => healths].boxed();
    }
    let at = 0..length;
    let kind = select(vec![ActKind::CaseEnded, ActKind::CaseEnded, ActKind::PostChecked]);
    let act = (at.clone(), 0..rules, 0..places, kind, any::<bool>())
        .prop_map(|(at, rule, place, kind, named)| Happening::Act { at, rule, place, kind, named });
    let states = select(vec![
        OutcomeState::Sent,
        OutcomeState::Delivered,
        OutcomeState::Answered,
        OutcomeState::Failed,
        OutcomeState::Expired,
    ]);
    let outcome = (at.clone(), 0..rules, 0..places, states).prop_map(|(at, rule, place, state)| Happening::Outcome {
        at,
        rule,
        place,
        state,
    });
    let takeover = (at.clone(), 0..8_i64).prop_map(|(at, lingers)| Happening::Takeover { at, lingers });
    let outage = (at.clone(), 5..60_i64).prop_map(|(from, length)| Happening::Outage { from, length });
    let silent = (at, 10..60_i64).prop_map(|(from, length)| Happening::AdapterSilent { from, length });
    prop_oneof![30 => sees, 12 => healths, 3 => act, 4 => outcome, 1 => takeover, 2 => outage, 1 => silent].boxed()
}
