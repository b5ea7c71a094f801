//! From degrees to the units of a drawing: near enough a plane over one street.

use muster_domain::geo::Position;

use super::labels::Rect;

/// A drawing that holds a set of positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projection {
    west: f64,
    north: f64,
    squeeze: f64,
    scale: f64,
    left: f64,
    top: f64,
}

impl Projection {
    /// Fits the positions into a frame, as large as they go, in the middle of it.
    #[must_use]
    pub fn fit(positions: impl Iterator<Item = Position>, frame: Rect) -> Self {
        let mut found: Option<[f64; 4]> = None;
        for at in positions {
            let [w, s, e, n] = found.unwrap_or([at.lon(), at.lat(), at.lon(), at.lat()]);
            found = Some([w.min(at.lon()), s.min(at.lat()), e.max(at.lon()), n.max(at.lat())]);
        }
        let [west, south, east, north] = found.unwrap_or([0.0, 0.0, 0.0, 0.0]);
        let squeeze = ((south + north) / 2.0).to_radians().cos().max(0.05);
        // A single point, or all on one line, still gets a piece of the street around it: about 200 m.
        let (width, height) = (((east - west) * squeeze).max(0.002), (north - south).max(0.002));
        let scale = (frame.w / width).min(frame.h / height);
        Self {
            west: west - (width / squeeze - (east - west)) / 2.0,
            north: north + (height - (north - south)) / 2.0,
            squeeze,
            scale,
            left: frame.x + (frame.w - width * scale) / 2.0,
            top: frame.y + (frame.h - height * scale) / 2.0,
        }
    }

    /// A position in units of the drawing, to a tenth.
    #[must_use]
    pub fn at(&self, position: Position) -> (f64, f64) {
        let round = |x: f64| (x * 10.0).round() / 10.0;
        (
            round(self.left + (position.lon() - self.west) * self.squeeze * self.scale),
            round(self.top + (self.north - position.lat()) * self.scale),
        )
    }

    /// The `d` of an SVG path through the positions.
    #[must_use]
    pub fn path(&self, positions: &[Position], closed: bool) -> String {
        use std::fmt::Write as _;
        let mut d = String::with_capacity(positions.len() * 12);
        for (index, position) in positions.iter().enumerate() {
            let (x, y) = self.at(*position);
            // writing to a String cannot fail
            let _ = write!(d, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
        }
        if closed {
            d.push('Z');
        }
        d
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FRAME: Rect = Rect { x: 40.0, y: 30.0, w: 900.0, h: 700.0 };

    #[test]
    fn north_is_up_and_one_point_is_in_the_middle() {
        let at = Position::new(106.55, 29.56).unwrap();
        let alone = Projection::fit([at].into_iter(), FRAME);
        assert_eq!(alone.at(at), (490.0, 380.0));
        assert!(alone.at(Position::new(106.55, 29.561).unwrap()).1 < 380.0);
        assert_eq!(Projection::fit(std::iter::empty(), FRAME).path(&[], false), "");
    }

    proptest! {
        #[test]
        fn everything_that_was_fitted_is_in_view(
            places in prop::collection::vec((-179.0..179.0_f64, -80.0..80.0_f64), 1..30),
        ) {
            let places: Vec<Position> = places.iter().map(|(x, y)| Position::new(*x, *y).unwrap()).collect();
            let map = Projection::fit(places.iter().copied(), FRAME);
            for place in places {
                let (x, y) = map.at(place);
                prop_assert!((39.9..=940.1).contains(&x) && (29.9..=730.1).contains(&y), "{x} {y}");
            }
        }
    }
}
