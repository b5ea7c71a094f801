//! Catalogue files, good and bad.

use muster_domain::catalogue::{Catalogue, Combine, Reports};
use muster_domain::record::Value;
use muster_domain::time::Span;

use super::{Kind, read_into};
use crate::table::{Encoding, Table};

fn table(text: &str) -> Table {
    Table::read("file.csv", text.as_bytes(), Encoding::Utf8).unwrap()
}

/// Reads a file into an empty catalogue; what is wrong, a line each.
fn wrong(kind: Kind, text: &str) -> String {
    let bad = match read_into(&mut Catalogue::default(), kind, &table(text), false) {
        Ok((_, bad)) | Err(bad) => bad,
    };
    bad.iter().map(|bad| format!("{bad}\n")).collect()
}

#[test]
fn english_and_chinese_headers_read_the_same() {
    let mut english = Catalogue::default();
    let mut chinese = Catalogue::default();
    let body = "cr-1,control_room,国贸,g1,106.55,29.56,wgs84,,\"{\"\"required\"\":2}\",sum,u1；u2\n";
    let header = "id,class,name,grid,lon,lat,crs,geometry,props,combine,units\n";
    read_into(&mut english, Kind::Places, &table(&format!("{header}{body}")), false).unwrap();
    let header = "编码,类别,名称,网格,经度,纬度,坐标系,范围,属性,合并,责任单位\n";
    read_into(&mut chinese, Kind::Places, &table(&format!("{header}{body}")), false).unwrap();
    assert_eq!(english, chinese);
    let place = english.places.values().next().unwrap();
    assert_eq!(place.props["required"], Value::Int(2));
    assert_eq!(place.combine, Some(Combine::Sum));
    assert_eq!(place.units.len(), 2);
}

#[test]
fn devices_cover_places_by_zone_and_say_how_they_speak() {
    let mut catalogue = Catalogue::default();
    let text = "id,kind,name,places,upstream,external_ids,reports\n\
                cam-1,camera,One,lane-1@left;cr-1,nvr-1,gb28181:34020000001320000001,persons=every 10s;alarm=on_change\n";
    read_into(&mut catalogue, Kind::Devices, &table(text), false).unwrap();
    let device = catalogue.devices.values().next().unwrap();
    assert_eq!(device.places[0].zone.as_deref(), Some("left"));
    let every: Vec<_> = device.reports.values().collect();
    assert_eq!(every, [&Reports::OnChange, &Reports::Every(Span::from_secs(10))]);
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let mut catalogue = Catalogue::default();
    let text = "id,name,competence\nu1,Squad,enforcement\n";
    let (first, _) = read_into(&mut catalogue, Kind::Units, &table(text), false).unwrap();
    let (second, _) = read_into(&mut catalogue, Kind::Units, &table(text), false).unwrap();
    let (third, _) = read_into(&mut catalogue, Kind::Units, &table(&text.replace("Squad", "Team")), false).unwrap();
    assert_eq!((first.added, second.same, third.changed), (1, 1, 1));
}

#[test]
fn properties_that_could_not_be_read_again_are_refused() {
    let many: Vec<String> = (0..65).map(|n| format!("\"\"p{n}\"\":1")).collect();
    for (props, words) in [
        (format!("{{\"\"{}\"\":1}}", "n".repeat(129)), "has a name"),
        ("{\"\"\"\":1}".to_owned(), "has a name"),
        (format!("{{\"\"p\"\":\"\"{}\"\"}}", "t".repeat(1_025)), "has a text"),
        (format!("{{{}}}", many.join(",")), "has 65 values"),
    ] {
        let named = wrong(Kind::Places, &format!("id,class,name,props\na,lane,A,\"{props}\"\n"));
        assert!(named.contains("file.csv:2: props:") && named.contains(words), "{named}");
    }
}

#[test]
fn a_time_that_no_format_can_write_is_refused() {
    for time in ["-002426-01-01T00:00:00+08:00", "0000-01-01T00:00:00+08:00", "2026-01-01 00:00:00Z", "2026-01-01"] {
        let named = wrong(Kind::Units, &format!("id,name,competence,valid_from\nsquad,A,enforcement,{time}\n"));
        assert!(named.contains("file.csv:2: valid_from: is no RFC 3339 time"), "{time}: {named}");
    }
}

#[test]
fn a_bad_file_is_refused_as_a_whole_with_every_line() {
    let text = "id,class,name,lon,lat,props,geometry\n\
                a,lane,A,200,29,,\n\
                ,lane,B,,,,\n\
                c,lane,C,,,[],\n\
                d,lane,D,,,,POLYGON((0 0; 1 1))\n\
                a,lane,A again,,,,\n";
    let named = wrong(Kind::Places, text);
    assert_eq!(named.lines().count(), 5, "{named}");
    for expected in
        ["file.csv:2: lon:", "file.csv:3: id:", "file.csv:4: props:", "file.csv:5: geometry:", "line 2 already"]
    {
        assert!(named.contains(expected), "{expected} in {named}");
    }
    let mut catalogue = Catalogue::default();
    let good = format!("{text}e,lane,E,,,,\"LINESTRING(106 29, 106.1 29.1)\"\n");
    assert!(read_into(&mut catalogue, Kind::Places, &table(&good), false).is_err());
    assert!(catalogue.places.is_empty());
    let (difference, bad) = read_into(&mut catalogue, Kind::Places, &table(&good), true).unwrap();
    assert_eq!((difference.added, bad.len()), (1, 5));
}
