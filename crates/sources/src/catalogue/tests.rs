//! Catalogue files, good and bad.

use muster_domain::catalogue::{Catalogue, Combine, Reports};
use muster_domain::record::Value;
use muster_domain::time::Span;
use muster_rules::rulebook::RuleBook;

use super::{Difference, Kind, read_fitting, read_into};
use crate::table::{Bad, Encoding, Table};

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

const BOOK: &str = r#"
[[observation]]
kind = "occupancy"
reports = "every 10s"
made_by = "analytics"
values = { occupied = "bool" }

[[place_class]]
id = "lane"
name = { zh = "通道", en = "Lane" }
props = { metres = { type = "int", required = true } }
"#;

fn book() -> RuleBook {
    RuleBook::parse(&[("book.toml".to_owned(), BOOK.to_owned())]).unwrap()
}

/// A street with one of each.
fn street() -> Catalogue {
    let mut catalogue = Catalogue::default();
    for (kind, text) in [
        (Kind::Grid, "id,name,level\ng1,G,grid\n"),
        (Kind::Units, "id,name,grids,competence\nu1,U,g1,enforcement\n"),
        (Kind::Places, "id,class,name,grid,props,units\np1,lane,P,g1,\"{\"\"metres\"\":4}\",u1\n"),
        (Kind::Devices, "id,kind,name,places,reports\nd1,camera,D,p1,occupancy=every 5s\n"),
    ] {
        read_fitting(&mut catalogue, &book(), kind, &table(text), false).unwrap();
    }
    catalogue
}

fn fitting(kind: Kind, text: &str, partial: bool) -> Result<(Difference, Vec<Bad>), Vec<Bad>> {
    let (mut catalogue, before) = (street(), street());
    let read = read_fitting(&mut catalogue, &book(), kind, &table(text), partial);
    assert!(read.is_ok() || catalogue == before, "nothing of it was taken");
    read
}

#[test]
fn what_the_rule_book_or_the_catalogue_does_not_know_is_named_by_its_cell_beside_all_else() {
    let places = "id,class,name,grid,props,units\n\
                  a,nope,A,,,\n\
                  ,lane,B,,,\n\
                  c,lane,C,zz,\"{\"\"metres\"\":1}\",\n\
                  d,lane,D,,\"{\"\"metres\"\":1}\",u1;nounit\n\
                  e,lane,E,,\"{\"\"wheels\"\":1}\",\n\
                  f,lane,F,g1,\"{\"\"metres\"\":1}\",u1\n";
    let devices = "id,kind,name,places,upstream,external_ids,reports,props\n\
                   a,camera,A,nowhere,,,,\n\
                   b,camera,B,,gone,,,\n\
                   c,camera,C,,,zz:1,,\n\
                   d,camera,D,,,,nokind=every 10s,\n\
                   e,camera,E,,,,,{\n\
                   f,camera,F,p1,g,mqtt:x,occupancy=on_change,\"{\"\"maker\"\":\"\"M\"\"}\"\n\
                   g,gateway,G,,d1,,,\n";
    let units = "id,name,grids,competence,valid_from,valid_to\n\
                 a,A,zz,enforcement,,\n\
                 b,B,,enforcement,2026-02-01T00:00:00+08:00,2026-01-01T00:00:00+08:00\n\
                 c,C,g1,enforcement,2026-01-01T00:00:00+08:00,2026-02-01T00:00:00+08:00\n";
    let grid = "id,name,level,parent\na,A,grid,zz\nb,B,microgrid,c\nc,C,grid,g1\n";
    for (kind, text, good, cells) in [
        (Kind::Places, places, 1, &["2: class:", "3: id:", "4: grid:", "5: units:", "6: props:"][..]),
        (Kind::Devices, devices, 2, &["2: places:", "3: upstream:", "4: external_ids:", "5: reports:", "6: props:"]),
        (Kind::Units, units, 1, &["2: grids:", "3: valid_to:"]),
        (Kind::Grid, grid, 2, &["2: parent:"]),
    ] {
        let refused = fitting(kind, text, false).unwrap_err();
        let (difference, left_out) = fitting(kind, text, true).unwrap();
        assert_eq!(refused, left_out);
        assert_eq!((difference.added, left_out.len()), (good, cells.len()), "{left_out:?}");
        for (bad, cell) in left_out.iter().zip(cells) {
            assert!(bad.to_string().starts_with(&format!("file.csv:{cell}")), "{cell} is not in {bad}");
        }
    }
}

#[test]
fn a_line_that_rests_on_one_that_is_left_out_is_left_out_with_it() {
    let text = "id,kind,name,upstream,places\n\
                leaf,camera,L,twig,\n\
                twig,recorder,T,bough,\n\
                bough,boat,B,,\n\
                d1,camera,D again,,nowhere\n\
                e1,camera,E,d1,\n";
    let lines = |bad: &[Bad]| bad.iter().map(|bad| bad.line).collect::<Vec<_>>();
    let refused = fitting(Kind::Devices, text, false).unwrap_err();
    assert_eq!(lines(&refused), [4, 5], "only what is wrong itself is to be mended: {refused:?}");
    let (difference, left_out) = fitting(Kind::Devices, text, true).unwrap();
    assert_eq!(lines(&left_out), [2, 3, 4, 5], "{left_out:?}");
    assert_eq!(difference.added, 1, "e1 hangs on the d1 that was there before");
}

#[test]
fn a_place_takes_no_more_devices_than_the_watch_can_tell_apart() {
    let lines: String = (0..63).map(|n| format!("c{n},camera,C,p1\n")).collect();
    let text = format!("id,kind,name,places\nd1,camera,Moved,\n{lines}x,camera,X,p1;p1\n");
    let refused = fitting(Kind::Devices, &text, false).unwrap_err();
    assert_eq!((refused.len(), refused[0].line, refused[0].column.as_str()), (1, 66, "places"), "{refused:?}");
    let (difference, _) = fitting(Kind::Devices, &text, true).unwrap();
    assert_eq!((difference.added, difference.changed), (63, 1));
}

#[test]
fn what_is_known_of_a_device_is_kept_and_compared() {
    let mut catalogue = Catalogue::default();
    let text = "id,kind,name,属性\nd9,camera,D,\"{\"\"maker\"\":\"\"M\"\"}\"\n";
    let mut read = |text: &str| read_into(&mut catalogue, Kind::Devices, &table(text), false).unwrap().0;
    let (first, again, other) = (read(text), read(text), read(&text.replace("\"M\"", "\"N\"")));
    assert_eq!((first.added, again.same, other.changed), (1, 1, 1));
    let device = catalogue.devices.values().next().unwrap();
    assert_eq!(device.props["maker"], Value::Text("N".to_owned()));
}
