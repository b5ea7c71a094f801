//! `muster bench`, small: it measures only what came out right, and leaves nothing behind.

use serde_json::Value;

use crate::stage::Stage;

fn measured(stage: &Stage) -> Value {
    let arguments = ["bench", "--json", "--observations", "200000", "--rounds", "1", "--open-cases", "300"];
    let mut command = stage.command(&arguments);
    let output = command.args(["--rates", "500", "--seconds", "30"]).env("TMPDIR", stage.folder()).output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{words}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn is_whole(figures: &Value, profile: &str) {
    assert_eq!(figures["profile"], profile);
    assert!(figures["machine"]["processors"].as_u64() > Some(0), "{figures}");
    for of in ["/floods/0/bare", "/floods/0/watch", "/floods/0/admit"] {
        let part = figures.pointer(of).unwrap();
        assert!(part["per_second"].as_f64() > Some(0.0) && part["cpu_micros"].as_f64() > Some(0.0), "{of}: {part}");
    }
    let sizes: Vec<_> = figures["cases"]["transactions"].as_array().unwrap().iter().map(|one| &one["cases"]).collect();
    assert_eq!(sizes, [1, 10, 100, 1_000]);
    assert!(figures["cases"]["open"].as_u64() >= Some(300), "{figures}");
    let paced = &figures["paced"][0];
    assert!(paced["incidents"].as_u64() > Some(0), "{paced}");
    assert!(paced["p50_ms"].as_f64() <= paced["worst_ms"].as_f64() && paced["p50_ms"].as_f64() > Some(0.0), "{paced}");
}

#[test]
fn every_figure_is_there_on_the_embedded_default() {
    let stage = Stage::embedded();
    is_whole(&measured(&stage), "embedded");
    let left: Vec<_> = std::fs::read_dir(stage.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with("muster_bench")), "{left:?}");
}

#[test]
fn every_figure_is_there_on_kafka_and_postgresql() {
    let Some(stage) = Stage::kafka() else { return };
    is_whole(&measured(&stage), "kafka");
}
