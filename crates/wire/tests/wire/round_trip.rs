//! What is written is read again exactly, and everything that is written fits its schema.

use muster_domain::record::LogRecord;
use muster_wire::{Encoded, case, catalogue, condition, record};
use proptest::prelude::*;
use serde_json::Value;

use crate::cases::{case as any_case, case_event};
use crate::generated::{catalogue as any_catalogue, change, log_record};
use crate::schemas::Schemas;

/// The headers of a record as a log hands them out.
pub(crate) fn headers(encoded: &Encoded) -> Vec<(&str, &[u8])> {
    encoded.headers.iter().map(|(name, value)| (&**name, &**value)).collect()
}

fn schema_of(record: &LogRecord) -> &'static str {
    match record {
        LogRecord::Observation(_) => "record-observation",
        LogRecord::Report(_) => "record-report",
        LogRecord::Tick { .. } => "record-tick",
        LogRecord::Takeover { .. } => "record-takeover",
        LogRecord::Config { .. } => "record-config",
        LogRecord::Intake { .. } => "record-intake",
        LogRecord::Act(_) => "record-act",
        LogRecord::Outcome(_) => "record-outcome",
    }
}

#[test]
fn records_of_the_log_come_back() {
    let schemas = Schemas::new();
    proptest!(|(record in log_record())| {
        let encoded = record::encode(&record);
        prop_assert_eq!(record::decode(headers(&encoded), &encoded.payload), Ok(record.clone()));
        schemas.fits(schema_of(&record), &encoded.payload);
        let is_control = !matches!(record, LogRecord::Observation(_) | LogRecord::Report(_));
        prop_assert_eq!(encoded.key.is_none(), is_control);
    });
}

#[test]
fn conditions_come_back() {
    let schemas = Schemas::new();
    proptest!(|(change in change())| {
        let written = condition::write(&change);
        prop_assert_eq!(condition::read(&written), Ok(change.clone()));
        schemas.fits("condition", written.as_bytes());
        prop_assert_eq!(&*condition::encode(&change, "c-1").payload, written.as_bytes());
    });
}

#[test]
fn cases_and_their_journals_come_back() {
    let schemas = Schemas::new();
    proptest!(|(case in any_case(), event in case_event())| {
        let written = case::write(&case);
        prop_assert_eq!(case::read(&written), Ok(case.clone()));
        schemas.fits("case", written.as_bytes());
        prop_assert_eq!(case::read_event(&case::write_event(&event)), Ok(event.clone()));
        let encoded = case::encode(&event, &case);
        let payload = std::str::from_utf8(&encoded.payload).unwrap();
        prop_assert_eq!(case::read_changed(payload), Ok((event.clone(), case.clone())));
        schemas.fits("case-changed", &encoded.payload);
    });
}

#[test]
fn catalogues_come_back() {
    let schemas = Schemas::new();
    proptest!(ProptestConfig::with_cases(64), |(catalogue in any_catalogue())| {
        let written = catalogue::write(&catalogue);
        prop_assert_eq!(catalogue::read(&written), Ok(catalogue.clone()));
        schemas.fits("catalogue", written.as_bytes());
    });
}

/// An id of a CloudEvent belongs to one record only.
#[test]
fn different_records_have_different_ids() {
    proptest!(|(one in log_record(), other in log_record())| {
        let ce_id = |encoded: &Encoded| {
            ["ce_source", "ce_id"].map(|name| encoded.headers.iter().find(|(found, _)| found == name).cloned())
        };
        let (first, second) = (record::encode(&one), record::encode(&other));
        if one != other && !matches!(one, LogRecord::Observation(_) | LogRecord::Report(_) | LogRecord::Act(_)) {
            prop_assert!(ce_id(&first) != ce_id(&second) || first.headers == second.headers);
        }
    });
}

#[test]
fn fields_that_a_later_version_adds_are_passed_over() {
    let record = crate::samples::observation_record();
    let encoded = record::encode(&record);
    let mut data: Value = serde_json::from_slice(&encoded.payload).unwrap();
    data["added_later"] = serde_json::json!({ "deep": [1, 2, { "x": null }] });
    let payload = data.to_string();
    assert_eq!(record::decode(headers(&encoded), payload.as_bytes()), Ok(record));
}

#[test]
fn manifests_of_backups_come_back() {
    use muster_wire::backup::{self, File, Item, Log, Manifest, Profile};
    let hash = "ab".repeat(32);
    let file = |item, rows| File { item, bytes: 7, sha256: hash.clone(), rows };
    let log = Log {
        cluster: "x7Yq".to_owned(),
        topics: vec!["muster.case.v1=g".to_owned()],
        generation: "g".to_owned(),
        partitions: 8,
    };
    let whole = Manifest {
        program: "0.1.0".to_owned(),
        at: 1_795_392_000_250_000,
        profile: Profile::Kafka,
        schema: 3,
        log: Some(log),
        missing: 1,
        files: vec![file(Item::Table("cases".to_owned()), Some(2)), file(Item::Evidence(hash.clone()), None)],
    };
    let bare =
        Manifest { profile: Profile::Embedded, log: None, files: vec![file(Item::Store, None)], ..whole.clone() };
    for manifest in [whole, bare] {
        let written = backup::write(&manifest);
        assert_eq!(backup::read(written.as_bytes()), Ok(manifest));
        Schemas::new().fits("backup", written.as_bytes());
    }
}
