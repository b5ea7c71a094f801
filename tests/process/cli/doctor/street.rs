//! What goes wrong in the street and with people, seen by processes of which one is lost and one was never started.

use super::*;
use crate::api::Api;
use crate::records::{KIND, seen};

/// Who is silent for seconds is missed, and everybody is late after one.
fn hasty() -> String {
    RULES
        .replace("every 10s", "every 1s")
        .replace("blind = { after = \"10m\", case_after = \"1h\" }", "blind = { after = \"3s\", case_after = \"1s\" }")
        .replace(
            "accept = \"15m\", arrive = \"30m\", close = \"2h\"",
            "accept = \"1s\", arrive = \"1s\", close = \"1s\"",
        )
}

/// Nobody who could be sent.
const NOBODY: CatalogueFiles<'static> = CatalogueFiles {
    units: "id,name,kind,grids,competence,capacity,phone,valid_from,valid_to\n\
            garden,园林,garden,500103005,garden,,,,\n",
    ..STREET
};

#[tokio::test]
async fn what_is_not_seen_not_answered_and_not_told_is_named() {
    let Some(stage) = Stage::kafka() else { return };
    stage.adopt(&book(&hasty()), NOBODY).await;
    let serve = |roles| Server::start(&mut stage.command(&["serve", "--roles", roles]));
    // Nobody publishes.
    let (admit, _watch) = (serve("admit"), serve("watch,tick"));
    let api = Api::new(admit.url());
    api.observe(&[seen(1, "full", 2_500, true), seen(1, "still", 0, true)]).await;
    let awaited = |codes: &[&str]| {
        until(&codes.join(", "), PATIENCE, || {
            let findings = diagnosed(&stage);
            let there = |code: &&str| findings.iter().any(|finding| finding["code"] == **code);
            codes.iter().all(there).then_some(findings)
        })
    };
    let findings = awaited(&["places-blind", "devices-blind", "seats-unfilled", "clocks-overdue"]);
    let blind = details(&findings, "places-blind");
    assert!(blind.contains("lane-2 · lane: for ") && blind.contains("sources cam-2"), "{blind}");
    assert!(details(&findings, "devices-blind").contains("cam-2: for "), "{findings:#?}");
    assert!(details(&findings, "seats-unfilled").contains("enforcement: 1"), "{findings:#?}");
    assert!(details(&findings, "clocks-overdue").contains(&format!("{KIND}: 1")), "{findings:#?}");
    assert_eq!(details(&findings, "role-missing"), "publish");
    // As if minutes had passed.
    stage.database().query("update outbox set created = created - 300000000").unwrap();
    assert!(details(&diagnosed(&stage), "outbox-waits").contains("the oldest waits for 5 min"));
    admit.kill();
    // One of them may be found a tick before the other.
    until("both intakes to be found silent", PATIENCE, || {
        let silent = details(&awaited(&["adapter-silent"]), "adapter-silent");
        (silent.contains("http: for ") && silent.contains("kafka: for ")).then_some(())
    });
}
