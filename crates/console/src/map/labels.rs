//! Where names go on the map, so that none covers another: a greedy choice over rings of candidates, the same every time.

/// A rectangle in the map's own units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Width.
    pub w: f64,
    /// Height.
    pub h: f64,
}

impl Rect {
    /// The square around a point.
    #[must_use]
    pub fn around((x, y): (f64, f64), radius: f64) -> Self {
        Self { x: x - radius, y: y - radius, w: 2.0 * radius, h: 2.0 * radius }
    }

    /// Whether the two share any area.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.x < other.x + other.w
            && other.x < self.x + self.w
            && self.y < other.y + other.h
            && other.y < self.y + self.h
    }

    /// Whether it lies inside another one.
    #[must_use]
    pub fn inside(&self, outer: &Self) -> bool {
        self.x >= outer.x
            && self.y >= outer.y
            && self.x + self.w <= outer.x + outer.w
            && self.y + self.h <= outer.y + outer.h
    }

    fn middle(&self) -> (f64, f64) {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }
}

/// A name that wants a place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wish {
    /// What it names.
    pub anchor: (f64, f64),
    /// How far from there its marker reaches.
    pub reach: f64,
    /// Width and height of the text.
    pub size: (f64, f64),
    /// It must be seen: it may move further away, with a line to what it names. Others are left out instead.
    pub must: bool,
}

/// Where a name went.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spot {
    /// Its rectangle.
    pub rect: Rect,
    /// Which end of the text lies towards what it names.
    pub side: Side,
    /// Where the line from the marker ends, if the name moved away.
    pub leader: Option<(f64, f64)>,
}

/// Which end of a text lies towards what it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The text begins there.
    Start,
    /// The text is centred.
    Middle,
    /// The text ends there.
    End,
}

const GAP: f64 = 6.0;
const RINGS: [f64; 7] = [0.0, 12.0, 26.0, 44.0, 68.0, 98.0, 140.0];
/// Directions in the order in which readers like them: right, left, below, above, then between.
const WAYS: [(f64, f64); 8] =
    [(1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0), (0.7, 0.7), (0.7, -0.7), (-0.7, 0.7), (-0.7, -0.7)];

/// Gives each name a place inside `bounds`, first come first served. No two names meet, and none covers a marker of
/// `hard`; covering one of `soft` is avoided. `None` = there was no room, or the name may be left out.
#[must_use]
pub fn place(bounds: Rect, wishes: &[Wish], hard: &[Rect], soft: &[Rect]) -> Vec<Option<Spot>> {
    let mut taken: Vec<Rect> = hard.to_vec();
    let mut spots = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let spot = best(bounds, wish, &taken, soft);
        if let Some(spot) = &spot {
            taken.push(spot.rect);
        }
        spots.push(spot);
    }
    spots
}

fn best(bounds: Rect, wish: &Wish, taken: &[Rect], soft: &[Rect]) -> Option<Spot> {
    let rings = if wish.must { &RINGS[..] } else { &RINGS[..1] };
    let mut found: Option<(u32, Spot)> = None;
    for (ring, distance) in (0_u32..).zip(rings) {
        for (way, direction) in (0_u32..).zip(WAYS) {
            let spot = candidate(wish, *distance, direction, ring > 1);
            if !spot.rect.inside(&bounds) || taken.iter().any(|rect| rect.meets(&spot.rect)) {
                continue;
            }
            let covered = u32::try_from(soft.iter().filter(|rect| rect.meets(&spot.rect)).count()).unwrap_or(u32::MAX);
            if covered > 0 && !wish.must {
                continue;
            }
            let crossed = spot.leader.is_some_and(|end| taken.iter().any(|rect| cuts(wish, end, rect)));
            let cost = ring * 6 + way + covered.saturating_mul(9) + if crossed { 40 } else { 0 };
            if found.as_ref().is_none_or(|(least, _)| cost < *least) {
                found = Some((cost, spot));
            }
        }
    }
    match found {
        Some((_, spot)) => Some(spot),
        None if wish.must => anywhere(bounds, wish, taken),
        None => None,
    }
}

/// Whether the line from a marker's edge to `end` runs through a rectangle.
fn cuts(wish: &Wish, end: (f64, f64), rect: &Rect) -> bool {
    let (dx, dy) = (end.0 - wish.anchor.0, end.1 - wish.anchor.1);
    let length = dx.hypot(dy).max(1.0);
    let steps = (length / 4.0).ceil();
    let mut step = (wish.reach + 2.0) / length * steps;
    while step < steps {
        let (x, y) = (wish.anchor.0 + dx * step / steps, wish.anchor.1 + dy * step / steps);
        if x > rect.x && x < rect.x + rect.w && y > rect.y && y < rect.y + rect.h {
            return true;
        }
        step += 1.0;
    }
    false
}

fn candidate(wish: &Wish, distance: f64, (dx, dy): (f64, f64), led: bool) -> Spot {
    let (w, h) = wish.size;
    let (ax, ay) = wish.anchor;
    let out = wish.reach + GAP + distance;
    let (x, side) = match dx {
        dx if dx > 0.1 => (ax + dx * out, Side::Start),
        dx if dx < -0.1 => (ax + dx * out - w, Side::End),
        _ => (ax - w / 2.0, Side::Middle),
    };
    let y = match dy {
        dy if dy > 0.1 => ay + dy * out,
        dy if dy < -0.1 => ay + dy * out - h,
        _ => ay - h / 2.0,
    };
    let rect = Rect { x, y, w, h };
    Spot { rect, side, leader: led.then(|| nearest(&rect, wish.anchor)) }
}

/// When every ring is full: the free spot of a coarse grid that is nearest.
fn anywhere(bounds: Rect, wish: &Wish, taken: &[Rect]) -> Option<Spot> {
    const STEP: f64 = 10.0;
    let (w, h) = wish.size;
    let far = |rect: &Rect| {
        let (x, y) = rect.middle();
        (x - wish.anchor.0).powi(2) + (y - wish.anchor.1).powi(2)
    };
    let mut nearest_free: Option<Rect> = None;
    let mut y = bounds.y;
    while y + h <= bounds.y + bounds.h {
        let mut x = bounds.x;
        while x + w <= bounds.x + bounds.w {
            let rect = Rect { x, y, w, h };
            if nearest_free.as_ref().is_none_or(|known| far(&rect) < far(known))
                && !taken.iter().any(|other| other.meets(&rect))
            {
                nearest_free = Some(rect);
            }
            x += STEP;
        }
        y += STEP;
    }
    nearest_free.map(|rect| Spot { rect, side: Side::Start, leader: Some(nearest(&rect, wish.anchor)) })
}

fn nearest(rect: &Rect, (x, y): (f64, f64)) -> (f64, f64) {
    (x.clamp(rect.x, rect.x + rect.w), y.clamp(rect.y, rect.y + rect.h))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BOUNDS: Rect = Rect { x: 0.0, y: 0.0, w: 1000.0, h: 800.0 };

    fn wish(anchor: (f64, f64), width: f64, must: bool) -> Wish {
        Wish { anchor, reach: 20.0, size: (width, 34.0), must }
    }

    #[test]
    fn a_lone_name_stands_to_the_right() {
        let spots = place(BOUNDS, &[wish((500.0, 400.0), 120.0, true)], &[], &[]);
        let spot = spots[0].unwrap();
        assert_eq!((spot.rect.x, spot.side, spot.leader), (526.0, Side::Start, None));
    }

    #[test]
    fn a_name_at_the_right_edge_stands_to_the_left() {
        let spots = place(BOUNDS, &[wish((980.0, 400.0), 120.0, true)], &[], &[]);
        assert_eq!(spots[0].unwrap().side, Side::End);
    }

    #[test]
    fn a_name_that_may_be_left_out_is_rather_than_cover() {
        let crowd = [Rect { x: 0.0, y: 0.0, w: 1000.0, h: 800.0 }];
        assert_eq!(place(BOUNDS, &[wish((500.0, 400.0), 120.0, false)], &[], &crowd), [None]);
        assert!(place(BOUNDS, &[wish((500.0, 400.0), 120.0, true)], &[], &crowd)[0].is_some());
    }

    proptest! {
        #[test]
        fn names_never_meet_and_stay_on_the_map(
            places in prop::collection::vec((0.0..1000.0_f64, 0.0..800.0_f64, 30.0..260.0_f64, any::<bool>()), 0..40),
        ) {
            let wishes: Vec<Wish> = places.iter().map(|(x, y, w, must)| wish((*x, *y), *w, *must)).collect();
            let marks: Vec<Rect> = places.iter().map(|(x, y, ..)| Rect::around((*x, *y), 20.0)).collect();
            let spots = place(BOUNDS, &wishes, &marks, &[]);
            let rects: Vec<Rect> = spots.iter().flatten().map(|spot| spot.rect).collect();
            for (i, rect) in rects.iter().enumerate() {
                prop_assert!(rect.inside(&BOUNDS));
                prop_assert!(rects[i + 1..].iter().all(|other| !other.meets(rect)));
                prop_assert!(marks.iter().all(|mark| !mark.meets(rect)));
            }
            prop_assert_eq!(place(BOUNDS, &wishes, &marks, &[]), spots);
        }

        #[test]
        fn a_dozen_that_must_be_named_are_all_named(
            places in prop::collection::vec((0.0..1000.0_f64, 0.0..800.0_f64, 30.0..200.0_f64), 0..12),
        ) {
            let wishes: Vec<Wish> = places.iter().map(|(x, y, w)| wish((*x, *y), *w, true)).collect();
            prop_assert!(place(BOUNDS, &wishes, &[], &[]).iter().all(Option::is_some));
        }
    }
}
