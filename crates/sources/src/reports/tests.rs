//! Small tables through small mappings.

use super::*;
use crate::table::Encoding;

const MAPPING: &str = r#"version = 1
source = "12345"
id = { column = "编号" }
kind = { column = "类型", prefix = "hotline.", codes = { "占道停车" = "street.parking" } }
occurred_at = { column = "时间", format = "%Y-%m-%d %H:%M:%S", time_zone = "America/New_York" }
location = { lon = "经度", lat = "纬度", crs = "wgs84" }
text = { columns = ["标题", "内容"], join = "：" }
address = { columns = ["地址"], join = " " }
severity = { column = "等级", codes = { "特急" = 5, "急" = 4 }, otherwise = 2 }
"#;
const HEADER: &str = "编号,类型,时间,经度,纬度,标题,内容,地址,等级";

fn table(rows: &str) -> Table {
    Table::read("requests.csv", format!("{HEADER}\n{rows}\n").as_bytes(), Encoding::Utf8).unwrap()
}

fn read(rows: &str) -> Vec<Line> {
    Mapping::parse("m.toml", MAPPING).unwrap().read(&table(rows)).unwrap()
}

fn refused(row: &str) -> String {
    read(row).remove(0).1.unwrap_err().to_string()
}

fn mapping_error(from: &str, to: &str) -> String {
    assert!(MAPPING.contains(from));
    Mapping::parse("m.toml", &MAPPING.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn a_row_becomes_a_report() {
    let lines = read("a1, 占道停车 ,2026-07-01 08:00:00,106.55,29.56, 货车 , 堵住  了\t路 ,解放碑,特急");
    let (line, report) = &lines[0];
    let report = report.as_ref().unwrap();
    assert_eq!((*line, report.source.as_str(), report.id.as_ref().unwrap().as_str()), (2, "12345", "a1"));
    assert_eq!(report.kind, "street.parking");
    assert_eq!(report.text, "货车：堵住 了 路");
    assert_eq!(muster_wire::rfc3339(report.occurred.unwrap().micros()), "2026-07-01T12:00:00Z");
    assert_eq!(report.location.unwrap().lon(), 106.55);
    assert_eq!(report.address.as_deref(), Some("解放碑"));
    assert_eq!(report.severity.unwrap().level(), 5);
    assert_eq!(ReportIn::read(report.json().as_bytes()).unwrap(), *report, "what is sent is what was read");
}

#[test]
fn what_a_row_does_not_have_is_left_out() {
    let lines = read("a1,Noise - Loud Party!,2026-07-01 08:00:00,,, ,, ,");
    let report = lines[0].1.as_ref().unwrap();
    assert_eq!(report.kind, "hotline.noise-loud-party");
    assert_eq!((report.text.as_str(), &report.address, &report.location), ("", &None, &None));
    assert_eq!(report.severity.unwrap().level(), 2);
}

#[test]
fn a_row_that_is_no_report_spoils_no_other() {
    let lines = read(",占道停车,2026-07-01 08:00:00,,,,,,\nb,占道停车,2026-07-01 08:00:00,,,,,,");
    assert!(lines[0].1.is_err());
    assert_eq!((lines[1].0, lines[1].1.is_ok()), (3, true));
}

#[test]
fn each_refusal_names_line_column_and_reason() {
    for (row, wanted) in [
        (" ,占道停车,2026-07-01 08:00:00,,,,,,", "requests.csv:2: 编号: an id must not be empty"),
        ("a,噪声,2026-07-01 08:00:00,,,,,,", "requests.csv:2: 类型: holds no letter"),
        ("a,占道停车,,,,,,,", "requests.csv:2: 时间: is empty"),
        ("a,占道停车,01/07/2026,,,,,,", "requests.csv:2: 时间: is no time in the form %Y-%m-%d %H:%M:%S"),
        ("a,占道停车,2026-02-30 08:00:00,,,,,,", "requests.csv:2: 时间: is a day or a time of day that there is not"),
        ("a,占道停车,2026-07-01 08:00:00,106,,,,,", "requests.csv:2: 纬度: is empty"),
        ("a,占道停车,2026-07-01 08:00:00,,29,,,,", "requests.csv:2: 经度: is empty"),
        ("a,占道停车,2026-07-01 08:00:00,1O6,29,,,,", "requests.csv:2: 经度: is no number"),
        ("a,占道停车,2026-07-01 08:00:00,nan,29,,,,", "requests.csv:2: 经度: "),
        ("a,占道停车,2026-07-01 08:00:00,106,129,,,,", "requests.csv:2: 经度: 106, 129 is not"),
    ] {
        let said = refused(row);
        assert!(said.starts_with(wanted), "{row}: {said}");
    }
    let long = format!("a,占道停车,2026-07-01 08:00:00,,,{},,,", "长".repeat(2000));
    assert!(refused(&long).contains("at most 4096 fit"), "{}", refused(&long));
}

/// Every fault of a mapping by its name, as a dead letter keeps it, and what is said of it in Chinese.
#[test]
fn each_refusal_is_said_in_chinese_as_well() {
    let mapping =
        Mapping::parse("m.toml", &MAPPING.replace(", otherwise = 2", "").replace("prefix = \"hotline.\", ", ""))
            .unwrap();
    let whole = "a,占道停车,2026-07-01 08:00:00,,,,,,急";
    for (cell, other, wanted) in [
        ("a,", ",", "编号不能是空的"),
        ("占道停车", "噪声", "没有字母或数字，拼不出类型"),
        ("占道停车", "noise", "映射的 codes 里没有它，也没有为其余的写 prefix"),
        ("2026-07-01 08:00:00", "", "是空的"),
        ("2026-07-01", "01/07/2026", "不是按 %Y-%m-%d %H:%M:%S 写的时间"),
        ("2026-07-01", "2026-02-30", "历法里没有这一天或这一刻"),
        ("2026-07-01 08", "2026-03-08 02", "当地把钟拨快时跳过了这一刻"),
        (":00,,", ":00,106,", "是空的，而经度不是"),
        (":00,,", ":00,,29", "是空的，而纬度不是"),
        (":00,,", ":00,1O6,29", "不是以度为单位的数"),
        (":00,,", ":00,106,129", "106, 129 不是以度为单位的经纬度"),
        (",急", ",缓", "映射的 codes 里没有它，也没有为其余的写 otherwise"),
        (":00,,,,", &format!(":00,,,{},", "长".repeat(2000)), "连同前面的内容有 6000 字节，最多 4096 字节"),
    ] {
        let row = table(&whole.replacen(cell, other, 1)).rows.remove(0);
        let (_, reason) = mapping.report(&row).unwrap_err();
        assert_eq!(reason.kept("").chinese().unwrap(), wanted, "{cell} -> {other}");
    }
}

#[test]
fn a_skipped_hour_is_parked_and_a_doubled_one_is_the_earlier() {
    assert!(refused("a,占道停车,2026-03-08 02:30:00,,,,,,").contains("skip"));
    let lines = read("a,占道停车,2026-11-01 01:30:00,,,,,,");
    let at = lines[0].1.as_ref().unwrap().occurred.unwrap();
    assert_eq!(muster_wire::rfc3339(at.micros()), "2026-11-01T05:30:00Z", "still summer time, four hours behind");
}

#[test]
fn a_time_with_its_offset_needs_no_zone() {
    let text = MAPPING.replace("%H:%M:%S\", time_zone = \"America/New_York\"", "%H:%M:%S %z\"");
    let mapping = Mapping::parse("m.toml", &text).unwrap();
    let lines = mapping.read(&table("a,占道停车,2026-07-01 08:00:00 +0800,,,,,,")).unwrap();
    let at = lines[0].1.as_ref().unwrap().occurred.unwrap();
    assert_eq!(muster_wire::rfc3339(at.micros()), "2026-07-01T00:00:00Z");
}

#[test]
fn a_column_that_the_file_does_not_have_refuses_the_file() {
    let table = Table::read("a.csv", b"id,type\n1,x\n", Encoding::Utf8).unwrap();
    let missing = Mapping::parse("m.toml", MAPPING).unwrap().read(&table).unwrap_err();
    assert_eq!(missing.len(), 9, "{missing:?}");
    assert!(missing[0].to_string().starts_with("a.csv:1: 编号: the mapping names this column"));
}

#[test]
fn a_mapping_that_is_not_understood_is_refused_with_its_place() {
    for (from, to, place, words) in [
        ("severity =", "serverity =", "m.toml:9:1: ", "unknown field `serverity`"),
        ("prefix =", "prefixes =", "m.toml:4:", "unknown field `prefixes`"),
        ("version = 1", "version = 2", "m.toml:1:11: ", "version"),
        ("\"12345\"", "\"\"", "m.toml:2:10: ", "must not be empty"),
        ("\"wgs84\"", "\"wgs-84\"", "m.toml:6:", "gcj02"),
        ("%H:%M", "%H:%J", "m.toml:5:", "strptime"),
        ("%Y-", "", "m.toml:5:", "a day"),
        ("%Y-", &format!("{}%Y-", "#".repeat(100)), "m.toml:5:", "at most 100"),
        (", time_zone = \"America/New_York\"", "", "m.toml:5:", "%z"),
        ("America/New_York", "Mars/Olympus", "m.toml:5:", "Mars"),
        ("\"特急\" = 5", "\"特急\" = 6", "m.toml:9:", "1 (lowest) to 5"),
        ("\"street.parking\"", "\"\"", "m.toml:4:", "must not be empty"),
        ("[\"地址\"]", "[]", "m.toml:8:", "no column"),
        ("id = {", "id = [", "m.toml:3:", ""),
    ] {
        let said = mapping_error(from, to);
        assert!(said.starts_with(place) && said.contains(words), "{from} -> {to}: {said}");
    }
    assert!(mapping_error("source = \"12345\"\n", "").contains("missing field `source`"));
    assert!(mapping_error(", codes = { \"特急\" = 5, \"急\" = 4 }", "").contains("either value"));
}

#[test]
fn slugs_are_ascii_words_with_dashes() {
    for (cell, wanted) in [
        ("DOF Property - Payment Issue", "dof-property-payment-issue"),
        ("  X-Ray Machine/Equipment ", "x-ray-machine-equipment"),
        ("Alzheimer's Care", "alzheimer-s-care"),
        ("噪声 Noise 2", "noise-2"),
        ("--", ""),
    ] {
        assert_eq!(slug(cell), wanted);
    }
}
