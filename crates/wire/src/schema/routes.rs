//! The routes that programs may use, one row each: the description is made of this table, and tests hold it to the
//! routers.

use crate::media_type::{CLOUDEVENT, CLOUDEVENTS_BATCH, JSON, LINES};
use crate::problem::MEDIA_TYPE as PROBLEM;

/// One route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// The method in capitals.
    pub method: &'static str,
    /// The path, with its parameters in braces.
    pub path: &'static str,
    /// The name of the operation, once in the document.
    pub id: &'static str,
    /// What it is for.
    pub summary: &'static str,
    /// What may stand behind the question mark.
    pub(super) query: &'static [Asked],
    /// Headers that it looks at.
    pub(super) headers: &'static [Asked],
    /// Bodies that it takes, by content type.
    pub(super) takes: &'static [(&'static str, Shape)],
    /// Answers that are no refusal.
    pub(super) answers: &'static [Answer],
    /// Statuses of its refusals, each a problem; those of access control (401, 403) come on top, and those of bodies (408, 415).
    pub(super) refuses: &'static [u16],
}

/// One parameter: its name, what it may be, and what it means.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked(pub(super) &'static str, pub(super) Kind, pub(super) &'static str);

/// What a parameter may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Whole,
    Flag,
    /// One of the names of a schema.
    Of(&'static str),
    /// One of these names.
    Names(&'static [&'static str]),
}

/// An answer: status, what it means, content type and shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer(pub(super) u16, pub(super) &'static str, pub(super) &'static str, pub(super) Shape);

/// The shape of a body.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// A schema.
    One(&'static str),
    /// A page of a list: `limit` and `cursor` are asked for too.
    List(&'static str),
    /// An array of a schema.
    Array(&'static str),
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Any JSON object.
    Object,
    /// Any JSON value.
    Any,
    /// No body at all.
    Nothing,
}

use Kind::{Flag, Names, Of, Text, Whole};

const fn get(path: &'static str, id: &'static str, summary: &'static str) -> Route {
    let route =
        Route { method: "GET", path, id, summary, query: &[], headers: &[], takes: &[], answers: &[], refuses: &[] };
    Route { refuses: &[503], ..route }
}

const fn post(path: &'static str, id: &'static str, summary: &'static str) -> Route {
    Route { method: "POST", ..get(path, id, summary) }
}

impl Route {
    const fn asks(self, query: &'static [Asked]) -> Self {
        Self { query, ..self }
    }

    const fn looks_at(self, headers: &'static [Asked]) -> Self {
        Self { headers, ..self }
    }

    const fn takes(self, takes: &'static [(&'static str, Shape)]) -> Self {
        Self { takes, ..self }
    }

    const fn answers(self, answers: &'static [Answer]) -> Self {
        Self { answers, ..self }
    }

    const fn refuses(self, refuses: &'static [u16]) -> Self {
        Self { refuses, ..self }
    }
}

const EVENT_STREAM: &str = "text/event-stream";
const PLAIN: &str = "text/plain";
const PICTURES: [&str; 3] = ["image/jpeg", "image/png", "image/webp"];

const DEAD_LETTER_STATES: &[&str] = &["open", "replayed", "dropped"];
const RECEIVED: &[Answer] = &[
    Answer(202, "The log has it durably.", JSON, Shape::One("Receipt")),
    Answer(422, "All of it was parked in the dead letters.", PROBLEM, Shape::One("AllParked")),
];
const INTAKE: &[u16] = &[400, 413, 415, 429, 503];
const A_CASE: &[Answer] = &[
    Answer(200, "The case; its strong `ETag` is its version.", JSON, Shape::One("Case")),
    Answer(304, "It still has the version of `If-None-Match`.", "", Shape::Nothing),
];

/// Every route under `/api/v1`, the probes, the metrics and the two descriptions.
pub const ROUTES: &[Route] = &[
    post("/api/v1/observations", "sendObservations", "Observations and reports as CloudEvents: one, a batch, or lines")
        .takes(&[
            (CLOUDEVENT, Shape::One("Event")),
            (CLOUDEVENTS_BATCH, Shape::Array("Event")),
            (LINES, Shape::Text),
            (JSON, Shape::Any),
        ])
        .looks_at(&[
            Asked("ce-type", Text, "Binary mode: the attributes of the event are headers, and the body is its data."),
            Asked("ce-source", Text, "Binary mode."),
            Asked("ce-id", Text, "Binary mode."),
            Asked("ce-time", Text, "Binary mode."),
            Asked("ce-specversion", Text, "Binary mode."),
        ])
        .answers(RECEIVED)
        .refuses(INTAKE),
    post("/api/v1/reports", "sendReports", "One report, or an array of them; the same source and id again amends")
        .takes(&[(JSON, Shape::One("Reports"))])
        .looks_at(&[Asked("Idempotency-Key", Text, "Stands for the `id` of a single report that has none.")])
        .answers(RECEIVED)
        .refuses(INTAKE),
    get(
        "/api/v1/reports/{source}/{id}",
        "readReport",
        "What became of a report, for its source and for whoever may see its case",
    )
    .answers(&[Answer(200, "Where it stands.", JSON, Shape::One("ReportState"))])
    .refuses(&[400, 404, 503]),
    post(
        "/api/v1/media",
        "keepPicture",
        "Keeps a picture of at most 20 MiB; what it truly is decides, not what it says",
    )
    .takes(&[(PICTURES[0], Shape::Bytes), (PICTURES[1], Shape::Bytes), (PICTURES[2], Shape::Bytes)])
    .answers(&[Answer(201, "It is kept.", JSON, Shape::One("Kept"))])
    .refuses(&[400, 413, 415, 503]),
    get("/api/v1/evidence/{id}", "viewEvidence", "A picture; that it was looked at is entered in the viewing ledger")
        .asks(&[
            Asked("case", Text, "The case for which it is looked at: reason enough for that case's own pictures."),
            Asked("reason", Text, "Why, in words: needed for any other picture."),
        ])
        .answers(&[
            Answer(200, "The picture.", PICTURES[0], Shape::Bytes),
            Answer(200, "The picture.", PICTURES[1], Shape::Bytes),
            Answer(200, "The picture.", PICTURES[2], Shape::Bytes),
        ])
        .refuses(&[400, 404, 503]),
    get("/api/v1/places", "listPlaces", "Places by id")
        .asks(&[Asked("class", Text, "Of this class."), Asked("grid", Text, "In this grid cell or below it.")])
        .answers(&[Answer(200, "A page.", JSON, Shape::List("Place"))])
        .refuses(&[400, 503]),
    get("/api/v1/devices", "listDevices", "Devices by id")
        .asks(&[Asked("place", Text, "That cover this place.")])
        .answers(&[Answer(200, "A page.", JSON, Shape::List("Device"))])
        .refuses(&[400, 503]),
    get("/api/v1/units", "listUnits", "Units by id")
        .answers(&[Answer(200, "A page.", JSON, Shape::List("Unit"))])
        .refuses(&[400, 503]),
    get("/api/v1/grid", "listGrid", "Grid cells by id")
        .answers(&[Answer(200, "A page.", JSON, Shape::List("GridCell"))])
        .refuses(&[400, 503]),
    get("/api/v1/rules", "listRules", "The rules of the rule book that holds, by id")
        .answers(&[Answer(200, "A page.", JSON, Shape::List("Rule"))])
        .refuses(&[400, 503]),
    post(
        "/api/v1/catalogue/{kind}",
        "importCatalogue",
        "A file of grid, places, devices or units: taken, or refused line by line",
    )
    .takes(&[("text/csv", Shape::Text), (LINES, Shape::Text), ("application/geo+json", Shape::Object)])
    .asks(&[
        Asked("file", Text, "Its name: the ending says what it is, and errors name it."),
        Asked("encoding", Names(&["utf-8", "gb18030"]), "Of a CSV file; `utf-8` where nothing is said."),
        Asked("partial", Flag, "Takes the lines that can be read."),
        Asked("dry_run", Flag, "Takes nothing and says what would change."),
    ])
    .answers(&[
        Answer(200, "What changed.", JSON, Shape::One("Imported")),
        Answer(422, "Nothing of it was taken.", PROBLEM, Shape::One("BadLines")),
    ])
    .refuses(&[400, 404, 413, 503]),
    get("/api/v1/conditions", "listConditions", "What the watch believes, by id")
        .asks(&[
            Asked("place", Text, "Of this place."),
            Asked("rule", Text, "Of this rule."),
            Asked("state", Names(CONDITION_STATES), "In this state, `blind`, or an adapter that is `unserved`."),
        ])
        .answers(&[Answer(200, "A page.", JSON, Shape::List("Standing"))])
        .refuses(&[400, 503]),
    get("/api/v1/conditions/{id}", "readCondition", "One condition")
        .answers(&[Answer(200, "As it stands.", JSON, Shape::One("Standing"))])
        .refuses(&[400, 404, 503]),
    get(
        "/api/v1/cases",
        "listCases",
        "Cases in the order of the queue: live before ended, by harm, by what falls due first",
    )
    .asks(&[
        Asked("state", Of("CaseState"), "In this state."),
        Asked("kind", Text, "Of this kind."),
        Asked("unit", Text, "A seat of it is, or was, this unit's."),
        Asked("grid", Text, "In this grid cell or below it."),
        Asked("overdue", Flag, "Live with a clock that has run out; with `false`, all others."),
        Asked("q", Text, "Its number, its subject or what people reported holds this."),
    ])
    .answers(&[Answer(200, "A page.", JSON, Shape::List("Case"))])
    .refuses(&[400, 503]),
    get("/api/v1/cases/{id}", "readCase", "One case")
        .looks_at(&[Asked("If-None-Match", Text, "A version as an `ETag`.")])
        .answers(A_CASE)
        .refuses(&[400, 404, 503]),
    get("/api/v1/cases/{id}/events", "readJournal", "The journal of a case, oldest first")
        .answers(&[Answer(200, "A page.", JSON, Shape::List("CaseEvent"))])
        .refuses(&[400, 404, 503]),
    post(
        "/api/v1/cases/{id}/commands",
        "commandCase",
        "A fact or a decision; a decision that is refused says what is allowed",
    )
    .takes(&[(JSON, Shape::One("Command"))])
    .looks_at(&[
        Asked("Idempotency-Key", Text, "The same key with the same body again gives the same answer again."),
        Asked("If-Match", Text, "Only if the case still has this version."),
    ])
    .answers(&[Answer(200, "The case after it.", JSON, Shape::One("Case"))])
    .refuses(&[400, 404, 409, 412, 413, 422, 503]),
    get(
        "/api/v1/stream",
        "follow",
        "Changes as they are published: events `case`, `condition`, `seat`, `notice`, `dead_letter` and `resync`",
    )
    .looks_at(&[Asked(
        "Last-Event-ID",
        Whole,
        "Goes on behind this event; what was never one is answered with `resync`.",
    )])
    .answers(&[Answer(200, "Server-sent events.", EVENT_STREAM, Shape::Text)]),
    get("/api/v1/dead-letters", "listDeadLetters", "What could not be read, newest first")
        .asks(&[
            Asked("code", Text, "With this code."),
            Asked("state", Names(DEAD_LETTER_STATES), "In this state; `open` where nothing is said."),
        ])
        .answers(&[Answer(200, "A page.", JSON, Shape::List("DeadLetter"))])
        .refuses(&[400, 503]),
    get("/api/v1/dead-letters/{id}", "readDeadLetter", "One dead letter with its bytes")
        .answers(&[Answer(200, "The letter.", JSON, Shape::One("WholeDeadLetter"))])
        .refuses(&[400, 404, 503]),
    post(
        "/api/v1/dead-letters/{id}/replay",
        "replayDeadLetter",
        "Takes a dead letter again, mended if there is a body",
    )
    .takes(&[("application/octet-stream", Shape::Bytes)])
    .answers(&[Answer(200, "It was taken.", JSON, Shape::One("Receipt"))])
    .refuses(&[400, 404, 409, 413, 422, 503]),
    post("/api/v1/dead-letters/{id}/drop", "dropDeadLetter", "Drops a dead letter for good")
        .takes(&[(JSON, Shape::One("Dropped"))])
        .answers(&[Answer(204, "It is dropped.", "", Shape::Nothing)])
        .refuses(&[400, 404, 409, 413, 503]),
    get(
        "/api/v1/doctor",
        "diagnose",
        "Everything that is wrong, as `muster doctor` tells it; this looks closely and takes a while",
    )
    .answers(&[Answer(200, "What was found.", JSON, Shape::One("Findings"))])
    .refuses(&[]),
    get("/api/v1/system", "readSystem", "Partitions, leases, checkpoints, destinations, and what is wrong at a glance")
        .answers(&[Answer(200, "As it is now.", JSON, Shape::One("System"))])
        .refuses(&[]),
    get("/livez", "livez", "Whether the process lives")
        .answers(&[Answer(200, "It does.", PLAIN, Shape::Text)])
        .refuses(&[]),
    get("/readyz", "readyz", "Whether the process can work, role by role and part by part")
        .answers(&[
            Answer(200, "Every part that the roles of the process need is well.", JSON, Shape::One("Readiness")),
            Answer(
                503,
                "Some part that a role needs is not well, or the process is stopping.",
                JSON,
                Shape::One("Readiness"),
            ),
        ])
        .refuses(&[]),
    get(
        "/metrics",
        "metrics",
        "Metrics in the text format of Prometheus; with http.metrics_listen on that listener alone",
    )
    .answers(&[Answer(200, "The metrics.", PLAIN, Shape::Text)])
    .refuses(&[]),
    get("/openapi.json", "openapi", "This description")
        .answers(&[Answer(200, "OpenAPI 3.1.", JSON, Shape::Object)])
        .refuses(&[]),
    get("/asyncapi.json", "asyncapi", "The topics")
        .answers(&[Answer(200, "AsyncAPI 3.0.", JSON, Shape::Object)])
        .refuses(&[]),
];

const CONDITION_STATES: &[&str] = &["unknown", "clear", "suspected", "present", "easing", "blind", "unserved"];
