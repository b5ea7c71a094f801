//! Renders every page of a made-up afternoon to a folder, for people (and a headless browser) to look at.

use std::path::Path;

use muster_console::look::Theme;
use muster_console::text::Lang;
use muster_console::view::board::{BoardData, board, selection};
use muster_console::view::case::Known;
use muster_console::view::dead::{DeadLetter, Open, Parked, dead};
use muster_console::view::field::{FieldData, Holder, field};
use muster_console::view::{case, condition, list};
use muster_console::{asset, page};

#[path = "../tests/fixture/mod.rs"]
mod fixture;

use fixture::Afternoon;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "target/screens".to_owned());
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder.join("assets"))?;
    for asset in asset::ALL {
        std::fs::write(folder.join("assets").join(asset.name()), asset.bytes)?;
    }
    for lang in [Lang::Zh, Lang::En] {
        for theme in [Theme::Light, Theme::Dark] {
            for (name, html) in pages(lang, theme)? {
                let file = folder.join(format!("{name}.{}.{}.html", lang.name(), theme.name()));
                std::fs::write(file, html.replace("\"/assets/", "\"assets/"))?;
            }
        }
    }
    Ok(())
}

type Pages = Vec<(&'static str, String)>;

fn pages(lang: Lang, theme: Theme) -> Result<Pages, askama::Error> {
    let (busy, quiet) = (Afternoon::busy(), Afternoon::quiet());
    let look = fixture::look(lang, theme);
    let scene = busy.scene(&look);
    let cases = busy.only_cases();
    let mut pages = Vec::new();
    for (name, afternoon, chosen) in
        [("board", &busy, None), ("board-chosen", &busy, Some("C1124-0040")), ("board-quiet", &quiet, None)]
    {
        let scene = afternoon.scene(&look);
        let cases = afternoon.only_cases();
        let chosen = cases.iter().find(|case| Some(case.number.as_str()) == chosen).map(|case| case.id.clone());
        let data = BoardData {
            cases: &cases,
            more: false,
            conditions: &afternoon.conditions,
            hour: &afternoon.hour,
            chosen: chosen.as_ref(),
        };
        let mut view = board(&scene, data);
        let selected = selection(&scene, data);
        view.pane =
            afternoon.cases.iter().find(|(case, _)| Some(&case.id) == selected.as_ref()).map(|(case, events)| {
                case::whole(&scene, case, Known { events, conditions: &afternoon.conditions, same: &[] })
            });
        pages.push((name, page::board(&look, &view)?));
    }
    if let Some((case, events)) = busy.cases.iter().find(|(case, _)| case.number == "C1124-0028") {
        pages.push((
            "case",
            page::case(&look, &case::whole(&scene, case, Known { events, conditions: &busy.conditions, same: &[] }))?,
        ));
    }
    let filter = list::Filter { state: "live".to_owned(), ..list::Filter::default() };
    let listed = list::list(&scene, filter, &cases, &busy.conditions, None);
    pages.push(("cases", page::cases(&look, &listed)?));
    let view = condition::conditions(&scene, condition::ConditionFilter::default(), &busy.conditions, None);
    pages.push(("conditions", page::conditions(&look, &view)?));
    pages.push(("dead", page::dead(&look, &dead(&scene, open(), String::new(), &letters(), None))?));
    for (name, number, holder) in [
        ("field-asked", "C1124-0043", Holder::Nobody),
        ("field-scene", "C1124-0040", Holder::This("李工".to_owned())),
        ("field-done", "C1124-0028", Holder::This("王队".to_owned())),
    ] {
        let (case, events, seat) = fixture::field_seat(&busy, number);
        let Some(seat) = case.seat(&seat) else { continue };
        let data = FieldData {
            token: "k3J9x",
            case: &case,
            events: &events,
            seat,
            holder: &holder,
            desk: Some("023-0000-0001"),
        };
        pages.push((name, page::field(&look, &field(&scene, data))?));
    }
    let said = muster_console::view::refusal::said(409, "not-ended", None);
    pages.push(("refused", page::refused(&look, &said.title, &said.what, "", "/")?));
    Ok(pages)
}

fn open() -> Open {
    let codes = vec![("unknown-device".to_owned(), 12), ("bad-value".to_owned(), 3)];
    Open { codes, oldest: Some(fixture::NOW.micros() - 3_400_000_000) }
}

fn letters() -> Vec<DeadLetter> {
    let at = fixture::NOW.micros() - 340_000_000;
    let letter = |id: &str, code: &str, message: &str, bytes: Parked| DeadLetter {
        id: id.to_owned(),
        code: code.to_owned(),
        message: message.to_owned(),
        said: None,
        stood: "muster.intake.v1 / 2 / 18,204".to_owned(),
        source: Some("/gateways/sqs-01".to_owned()),
        at,
        bytes,
    };
    let body = r#"{"specversion":"1.0","type":"muster.observation.v1","source":"/gateways/sqs-01","id":"8f2c","data":{"device":"cam-9999","kind":"persons","values":{"persons":1}}}"#;
    vec![
        letter(
            "1",
            "unknown-device",
            "/data/device: the catalogue knows no device cam-9999",
            Parked::Bytes(body.into()),
        ),
        letter(
            "2",
            "bad-value",
            "/data/values/persons: \"two\" is no whole number",
            Parked::Hash("9f2c…71".to_owned()),
        ),
        letter("3", "bad-report", "/occurred_at: \"yesterday\" is no RFC 3339 time", Parked::Vault),
    ]
}
