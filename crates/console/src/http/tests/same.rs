//! "Possibly the same" on the screens: who is named, how far away, and to whom.

use axum::body::Body;
use muster_domain::case::FiledAs;
use muster_domain::geo::Position;

use super::bench::{Bench, ask};
use super::own_and_all;

#[tokio::test]
async fn other_cases_are_named_as_far_as_the_reader_may_see_them() {
    let bench = Bench::with(own_and_all(), false).await;
    let at = |lat: f64| move |filed: FiledAs| FiledAs { position: Position::new(106.5512, lat).ok(), ..filed };
    let near = bench.file_as("C1124-0001", "report:141/1", "500103005", 9, at(29.5635)).await;
    let lane = bench.file("C1124-0002", "lane-1", "500103005", 5).await;
    let hidden = bench.file_as("C1124-0003", "report:141/3", "500103006", 3, at(29.5630)).await;
    let same = vec![near.id.clone(), lane.id.clone(), hidden.id.clone()];
    let asks = |filed: FiledAs| FiledAs { maybe_same: same, ..at(29.5630)(filed) };
    let case = bench.file_as("C1124-0004", "report:141/4", "500103005", 1, asks).await;

    let said = async |word: &str, path: &str| {
        let request = ask("GET", path).header("authorization", format!("Bearer {word}"));
        let page = bench.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(page.status, 200, "{path}: {}", page.text);
        let list = page.text.split_once("<ul class=\"same\">").and_then(|(_, rest)| rest.split_once("</ul>"));
        list.map(|(list, _)| list.to_owned()).unwrap_or_default()
    };
    let own = format!("/cases/{}", case.id);
    let list = said("all", &own).await;
    for (other, words) in [(&near, "相距 56 米"), (&lane, "一号通道"), (&hidden, "相距 0 米")] {
        let link = format!("href=\"/cases/{}\">{}</a>", other.id, other.number);
        assert!(list.contains(&link) && list.contains(words), "{words}: {list}");
    }
    assert_eq!(list.matches("相距").count(), 2, "where one place is not known nothing is measured: {list}");
    let english = said("all", &format!("{own}?lang=en")).await;
    assert!(english.contains("56 m away") && english.contains("Filed"), "{english}");
    let list = said("own", &own).await;
    assert!(list.contains("C1124-0001") && !list.contains("C1124-0003"), "another jurisdiction: {list}");
    let pane = said("own", &format!("/fragment/board?case={}", case.id)).await;
    assert!(pane.contains("C1124-0002") && !pane.contains("C1124-0003"), "the board says the same: {pane}");
    assert_eq!(said("all", &format!("/cases/{}", near.id)).await, "", "who came first names nobody");
}
