//! What goes wrong with rule book and catalogue: what no rule, device or unit will ever reach, and what nobody can read.

use muster_store::ConfigRow;

use super::*;

/// A street with every kind of gap: no import lets them in any more, but a book may change, and an older program let them.
const GAPS: CatalogueFiles<'static> = CatalogueFiles {
    places: "id,class,name,grid,lon,lat,crs,geometry,props,combine,units\n\
             lane-1,fire_lane,一号通道,500103005,106.551,29.561,wgs84,,,,\n\
             lane-2,fire_lane,二号通道,500103005,106.552,29.562,wgs84,,,,\n\
             pond-1,fountain,一号水池,500103005,106.553,29.563,wgs84,,,,\n",
    devices: "id,kind,name,places,upstream,external_ids,reports,props\n\
              cam-1,camera,一号相机,lane-1,,,,\n\
              cam-8,camera,八号相机,lane-8,,,,\n\
              cam-9,camera,九号相机,,,,,\n",
    units: "id,name,kind,grids,competence,capacity,phone,valid_from,valid_to\n\
            elsewhere,执法队,enforcement,500103006,enforcement,,,,\n\
            garden,园林,garden,500103005,garden,,,,\n",
    ..STREET
};

/// A street before anything was brought in.
const EMPTY: CatalogueFiles<'static> = CatalogueFiles { places: "id,class,name\n", devices: "id,kind,name\n", ..WHOLE };

/// A kind of case that asks for nobody.
const UNASKED: &str = "\n[[case_kind]]\nkind = \"street.litter\"\nname = { zh = \"暴露垃圾\", en = \"Litter\" }\n";

#[tokio::test]
async fn gaps_of_rule_book_and_catalogue_are_named() {
    let stage = Stage::embedded();
    let idle = RULES.replace("mode = \"live\"", "mode = \"shadow\"") + UNASKED;
    stage.adopt(&book(&idle), GAPS).await;
    let findings = diagnosed(&stage);
    assert_eq!(details(&findings, "rules-not-live"), "lane");
    assert_eq!(details(&findings, "kind-without-route"), "street.litter");
    assert_eq!(details(&findings, "place-without-device"), "lane-2 · lane (occupancy)");
    assert_eq!(details(&findings, "place-of-unknown-class"), "pond-1 (fountain)");
    assert_eq!(details(&findings, "device-without-place"), "cam-9");
    assert_eq!(details(&findings, "catalogue-dangling"), "device cam-8: place lane-8 is not in the catalogue");
    assert_eq!(details(&findings, "competence-without-unit"), "technical");
    assert_eq!(details(&findings, "place-without-unit"), "lane-1 · enforcement\nlane-2 · enforcement");
    finding(&findings, "no-coordination-post");
    stage.adopt(&book(RULES), EMPTY).await;
    let findings = diagnosed(&stage);
    finding(&findings, "catalogue-empty");
    assert!(findings.iter().all(|finding| finding["area"] != "catalogue" || finding["code"] == "catalogue-empty"));
}

#[tokio::test]
async fn the_rule_book_on_the_disk_is_compared_with_the_one_that_holds() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    let folder = tempfile::tempdir().unwrap();
    let beside = || found(stage.command(&DOCTOR).env("MUSTER_RULES__DIR", folder.path())).1;
    assert!(details(&beside(), "rules-folder-unreadable").contains("holds no .toml file"));
    let on_disk = |text: &str| {
        file(&folder, "rules.toml", text);
        beside()
    };
    finding(&on_disk(&RULES.replace("severity = 4", "severity = 3")), "rule-book-differs");
    let wrong = on_disk(&RULES.replace("severity = 4", "severity = \"high\""));
    assert!(details(&wrong, "rule-book-refused").contains("rules.toml:"), "{wrong:#?}");
    assert!(on_disk(RULES).iter().all(|finding| finding["area"] != "rules"));
}

/// Puts the next version into the store, as a process that died before it announced it.
async fn put(stage: &Stage, change: impl Fn(&mut ConfigRow)) {
    let (log, store) = stage.open().await;
    let mut next = store.config_latest().await.unwrap().unwrap();
    next.version += 1;
    change(&mut next);
    store.config_put(&next).await.unwrap();
    log.close().await;
    store.close().await;
}

#[tokio::test]
async fn a_version_that_was_not_announced_or_is_for_another_program_is_told() {
    let stage = Stage::embedded();
    stage.adopt(&book(RULES), WHOLE).await;
    put(&stage, |_| ()).await;
    assert_eq!(details(&diagnosed(&stage), "configuration-not-ready"), "2 > 1");
    // No import of this program lets such a unit in; one before it may have.
    put(&stage, |next| next.catalogue = next.catalogue.replace("[\"technical\"]", "[]")).await;
    assert_eq!(details(&diagnosed(&stage), "unit-without-competence"), "technical");
    put(&stage, |next| next.rulebook = next.rulebook.replace("combine", "combines")).await;
    let findings = diagnosed(&stage);
    assert!(details(&findings, "adopted-configuration-unreadable").contains("rules.toml:"), "{findings:#?}");
}
