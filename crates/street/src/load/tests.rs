//! The load's promises against a counter that knows only the observations.

use std::collections::BTreeMap;

use serde_json::Value;

use super::*;

const START: i64 = 1_795_492_800 * MICROS;

fn settings(rate: u32, places: u32, seconds: u32, seed: u64) -> LoadSettings {
    LoadSettings { rate, places, seconds, seed, batch: 97, hurry: 1 }
}

/// For each place, (seen, occupied) in the order of sending.
fn observations(load: &Load) -> BTreeMap<String, Vec<(i64, bool)>> {
    let mut seen: BTreeMap<String, Vec<(i64, bool)>> = BTreeMap::new();
    let (mut count, mut last_due) = (0, i64::MIN);
    for batch in load.batches(START) {
        assert!(batch.due >= last_due);
        last_due = batch.due;
        let events: Vec<Value> = serde_json::from_slice(&batch.body).unwrap();
        assert_eq!(events.len() as u64, batch.observations);
        count += batch.observations;
        for event in events {
            let time: jiff::Timestamp = event["time"].as_str().unwrap().parse().unwrap();
            assert_eq!(event["source"], LOAD_SOURCE);
            let data = &event["data"];
            let occupied = data["values"]["occupied"].as_bool().unwrap();
            let place = data["place"].as_str().unwrap().to_owned();
            seen.entry(place).or_default().push((time.as_microsecond() - START, occupied));
        }
    }
    assert_eq!(count, load.observations());
    seen
}

/// Counts how long each lane has been seen occupied without a break, and free after that; knows nothing of the plan.
fn counted(seen: &BTreeMap<String, Vec<(i64, bool)>>, hurry: i64) -> Vec<ExpectedIncident> {
    let (dwell, clear) = (DWELL / hurry, CLEAR / hurry);
    let mut incidents = Vec::new();
    for (place, seen) in seen {
        let (mut since, mut free, mut open) = (None, None, None);
        for &(at, occupied) in seen {
            if occupied {
                free = None;
                let from = *since.get_or_insert(at);
                if open.is_none() && at - from >= dwell {
                    open = Some((from + dwell, at));
                }
                continue;
            }
            if open.is_none() {
                since = None;
                continue;
            }
            let from = *free.get_or_insert(at);
            if at - from >= clear {
                incidents.extend(open.take().map(|(begins, shown)| ExpectedIncident {
                    place: place.clone(),
                    begins,
                    shown,
                    ends: Some(from + clear),
                }));
                (since, free) = (None, None);
            }
        }
        incidents.extend(open.map(|(begins, shown)| ExpectedIncident {
            place: place.clone(),
            begins,
            shown,
            ends: None,
        }));
    }
    incidents.sort();
    incidents
}

#[test]
fn what_is_expected_is_what_a_naive_counter_counts() {
    for (rate, places, seconds, seed, hurry) in [
        (50, 40, 1_800, 1, 1),
        (7, 100, 2_400, 2, 1),
        (100, 10, 600, 3, 1),
        (20, 400, 3_600, 4, 1),
        (3, 1, 900, 5, 1),
        (200, 200, 300, 6, 10),
    ] {
        let load = Load::new(LoadSettings { hurry, ..settings(rate, places, seconds, seed) }).unwrap();
        let expected = load.expected();
        assert_eq!(
            counted(&observations(&load), i64::from(hurry)),
            expected,
            "rate {rate}, places {places}, seed {seed}"
        );
        if places > 10 {
            assert!(expected.len() > 10, "{} incidents", expected.len());
            assert!(expected.iter().any(|incident| incident.ends.is_some()));
        }
    }
}

#[test]
fn nothing_hangs_on_the_time_after_the_load() {
    for seed in 0..20 {
        let load = Load::new(settings(10, 100, 1_200, seed)).unwrap();
        for (place, seen) in observations(&load) {
            let (last, occupied) = *seen.last().unwrap();
            let since = seen.iter().rev().take_while(|(_, state)| *state == occupied).last().unwrap().0;
            let margin = if occupied { (last - since - DWELL).abs() } else { last - since - CLEAR };
            assert!(margin >= 20 * MICROS || since < 20 * MICROS, "{place} seed {seed}: {margin} µs");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_load_and_another_seed_another() {
    let bodies = |seed| Load::new(settings(20, 30, 300, seed)).unwrap().batches(START).collect::<Vec<_>>();
    assert_eq!(bodies(1), bodies(1));
    assert_ne!(bodies(1), bodies(2));
}

#[test]
fn the_catalogue_names_every_place_and_camera() {
    let load = Load::new(settings(20, 30, 60, 1)).unwrap();
    let catalogue = load.catalogue();
    let mut places = csv::Reader::from_reader(catalogue.places.as_bytes());
    let mut devices = csv::Reader::from_reader(catalogue.devices.as_bytes());
    let places: Vec<String> = places.records().map(|row| row.unwrap()[0].to_owned()).collect();
    let covered: Vec<String> = devices.records().map(|row| row.unwrap()[3].to_owned()).collect();
    assert_eq!(places.len(), 30);
    assert_eq!(places, covered);
    for text in [&catalogue.grid, &catalogue.units] {
        assert!(csv::Reader::from_reader(text.as_bytes()).records().all(|row| row.is_ok()));
    }
}

#[test]
fn a_load_that_the_rule_could_not_see_is_refused() {
    assert_eq!(Load::new(settings(0, 1, 1, 1)).err(), Some(LoadError::Zero));
    let sparse = Load::new(settings(1, 100, 60, 1)).err().unwrap();
    assert_eq!(sparse, LoadError::Sparse { places: 100, rate: 1, every: 100 });
    assert!(sparse.to_string().contains("raise the rate"));
}
