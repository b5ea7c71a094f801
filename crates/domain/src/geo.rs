//! Where things are: WGS-84 positions and shapes that were checked once.

/// Why numbers are no position or shape.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GeoError {
    /// Not a number, or outside ±180 / ±90 degrees.
    #[error("{lon}, {lat} is not a longitude and latitude in degrees")]
    OutOfRange {
        /// Longitude as given.
        lon: f64,
        /// Latitude as given.
        lat: f64,
    },
    /// Too few or too many points for the shape.
    #[error("a {shape} needs {needs} points, this one has {has}")]
    Points {
        /// Line or polygon.
        shape: &'static str,
        /// How many it may have.
        needs: &'static str,
        /// How many it has.
        has: usize,
    },
    /// A ring whose last point is not its first.
    #[error("a polygon's ring must end where it begins")]
    Open,
}

/// A coordinate reference system that positions arrive in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crs {
    /// GPS.
    Wgs84,
    /// The shifted system of Chinese web maps.
    Gcj02,
    /// Baidu's shift on top of GCJ-02.
    Bd09,
    /// CGCS2000, within centimetres of WGS-84.
    Cgcs2000,
}

/// A point in WGS-84 degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    lon: f64,
    lat: f64,
}

impl Position {
    /// Checks a WGS-84 position.
    ///
    /// # Errors
    /// [`GeoError::OutOfRange`] if it is not on the Earth.
    pub fn new(lon: f64, lat: f64) -> Result<Self, GeoError> {
        if lon.is_finite() && lat.is_finite() && lon.abs() <= 180.0 && lat.abs() <= 90.0 {
            Ok(Self { lon, lat })
        } else {
            Err(GeoError::OutOfRange { lon, lat })
        }
    }

    /// Reads a position of another system into WGS-84; GCJ-02 and BD-09 are undone to within a metre.
    ///
    /// # Errors
    /// [`GeoError::OutOfRange`] if it is not on the Earth.
    pub fn from_crs(lon: f64, lat: f64, crs: Crs) -> Result<Self, GeoError> {
        let given = Self::new(lon, lat)?;
        Ok(match crs {
            Crs::Wgs84 | Crs::Cgcs2000 => given,
            Crs::Gcj02 => unshift(given),
            Crs::Bd09 => unshift(from_bd09(given)),
        })
    }

    /// Degrees east.
    #[must_use]
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Degrees north.
    #[must_use]
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Metres to another position, on a sphere of 6,371,008.8 m (haversine).
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let (lat_a, lat_b) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = ((lat_b - lat_a) / 2.0).sin();
        let half_lon = ((other.lon - self.lon).to_radians() / 2.0).sin();
        let h = half_lat * half_lat + lat_a.cos() * lat_b.cos() * half_lon * half_lon;
        2.0 * 6_371_008.8 * h.sqrt().min(1.0).asin()
    }
}

/// The shape of a place or grid cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// A point.
    Point(Position),
    /// A line of 2 to 10,000 points.
    Line(Vec<Position>),
    /// A closed ring of 4 to 10,000 points, without holes.
    Polygon(Vec<Position>),
}

/// The most points of a shape.
pub const MAX_POINTS: usize = 10_000;

impl Geometry {
    /// A line.
    ///
    /// # Errors
    /// [`GeoError::Points`] unless it has 2 to 10,000 points.
    pub fn line(points: Vec<Position>) -> Result<Self, GeoError> {
        if (2..=MAX_POINTS).contains(&points.len()) {
            Ok(Self::Line(points))
        } else {
            Err(GeoError::Points { shape: "line", needs: "2 to 10,000", has: points.len() })
        }
    }

    /// A polygon's outer ring.
    ///
    /// # Errors
    /// [`GeoError`] unless it has 4 to 10,000 points and is closed.
    pub fn polygon(ring: Vec<Position>) -> Result<Self, GeoError> {
        if !(4..=MAX_POINTS).contains(&ring.len()) {
            return Err(GeoError::Points { shape: "polygon", needs: "4 to 10,000", has: ring.len() });
        }
        if ring.first() != ring.last() {
            return Err(GeoError::Open);
        }
        Ok(Self::Polygon(ring))
    }

    /// All points of the shape.
    #[must_use]
    pub fn points(&self) -> &[Position] {
        match self {
            Self::Point(point) => std::slice::from_ref(point),
            Self::Line(points) | Self::Polygon(points) => points,
        }
    }

    /// Whether a polygon holds the position (even-odd rule; its edge counts as either side).
    #[must_use]
    pub fn contains(&self, at: Position) -> bool {
        let Self::Polygon(ring) = self else { return false };
        let mut inside = false;
        for edge in ring.windows(2) {
            let [a, b] = [edge[0], edge[1]];
            if (a.lat > at.lat) != (b.lat > at.lat)
                && at.lon < (b.lon - a.lon) * (at.lat - a.lat) / (b.lat - a.lat) + a.lon
            {
                inside = !inside;
            }
        }
        inside
    }

    /// The middle of the points: good enough to put a name there.
    #[must_use]
    pub fn middle(&self) -> Position {
        let points = match self {
            Self::Polygon(ring) => &ring[1..],
            _ => self.points(),
        };
        let n = points.len() as f64;
        let lon = points.iter().map(|p| p.lon).sum::<f64>() / n;
        let lat = points.iter().map(|p| p.lat).sum::<f64>() / n;
        Position { lon, lat }
    }
}

// The shift between WGS-84 and GCJ-02 as published by many: an ellipsoid of Krasovsky and a sum of sines.
fn shift(at: Position) -> Position {
    use std::f64::consts::PI;
    const A: f64 = 6_378_245.0;
    const EE: f64 = 0.006_693_421_622_965_943;
    let (x, y) = (at.lon - 105.0, at.lat - 35.0);
    let wave = |t: f64, a: f64, b: f64| a * (t * PI).sin() + b * (t * PI / 3.0).sin();
    let common = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let lat = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * x.abs().sqrt()
        + common
        + wave(y, 20.0, 40.0) * 2.0 / 3.0
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let lon = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * x.abs().sqrt()
        + common
        + wave(x, 20.0, 40.0) * 2.0 / 3.0
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let radians = at.lat.to_radians();
    let magic = 1.0 - EE * radians.sin() * radians.sin();
    Position {
        lon: at.lon + lon * 180.0 / (A / magic.sqrt() * radians.cos() * PI),
        lat: at.lat + lat * 180.0 / ((A * (1.0 - EE)) / (magic * magic.sqrt()) * PI),
    }
}

fn unshift(shifted: Position) -> Position {
    // The shift is smooth: a few steps of fixed-point iteration leave less than a millimetre.
    let mut guess = shifted;
    for _ in 0..4 {
        let there = shift(guess);
        guess = Position { lon: guess.lon + shifted.lon - there.lon, lat: guess.lat + shifted.lat - there.lat };
    }
    guess
}

fn from_bd09(at: Position) -> Position {
    use std::f64::consts::PI;
    let (x, y) = (at.lon - 0.0065, at.lat - 0.006);
    let z = x.hypot(y) - 0.000_02 * (y * PI * 3000.0 / 180.0).sin();
    let theta = y.atan2(x) - 0.000_003 * (x * PI * 3000.0 / 180.0).cos();
    Position { lon: z * theta.cos(), lat: z * theta.sin() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> Position {
        Position::new(lon, lat).unwrap()
    }

    #[test]
    fn positions_are_on_the_earth() {
        for (lon, lat) in [(f64::NAN, 0.0), (181.0, 0.0), (0.0, -90.5), (f64::INFINITY, 0.0)] {
            assert!(Position::new(lon, lat).is_err());
        }
    }

    #[test]
    fn shifted_systems_come_back() {
        let true_place = at(106.551_2, 29.563_0);
        let gcj = shift(true_place);
        assert!(gcj.metres_to(true_place) > 300.0, "the shift in Chongqing is some hundred metres");
        let back = Position::from_crs(gcj.lon(), gcj.lat(), Crs::Gcj02).unwrap();
        assert!(back.metres_to(true_place) < 0.01);
    }

    #[test]
    fn rings_close_and_contain() {
        let square = vec![at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0), at(0.0, 0.0)];
        let square = Geometry::polygon(square).unwrap();
        assert!(square.contains(at(0.5, 0.5)));
        assert!(!square.contains(at(1.5, 0.5)));
        assert_eq!(square.middle(), at(0.5, 0.5));
        let open = vec![at(0.0, 0.0), at(1.0, 0.0), at(1.0, 1.0), at(0.0, 1.0)];
        assert_eq!(Geometry::polygon(open), Err(GeoError::Open));
        assert!(Geometry::line(vec![at(0.0, 0.0)]).is_err());
    }
}
