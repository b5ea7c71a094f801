//! Codes of the rule book and the journal in the words of the post.

use muster_domain::case::{CaseOutcome, CaseState, ClockKind, Role, SeatState};
use muster_domain::condition::{BlindCause, Fact, State, Subject};
use muster_domain::record::Value;

use crate::phrase;
use crate::text::{Lang, Text};

/// The name of a competence; the code itself where we have no word for it.
#[must_use]
pub fn competence(lang: Lang, code: &str) -> String {
    let known = match code.split('.').next().unwrap_or(code) {
        "property" => ("物业", "Property"),
        "enforcement" => ("城管", "Enforcement"),
        "fire" => ("消防", "Fire service"),
        "police" => ("公安", "Police"),
        "patrol" => ("巡逻", "Patrol"),
        "community" => ("社区", "Community"),
        "technical" => ("感知设备运维", "Device maintenance"),
        "coordination" => ("综合协调岗", "Coordination post"),
        _ => return code.to_owned(),
    };
    lang.pick(known.0, known.1).to_owned()
}

/// The name of a call or warning of the ladder.
#[must_use]
pub fn ladder_step(lang: Lang, name: &str) -> String {
    match name {
        "roll_call" => lang.pick("点名查岗", "Roll call").to_owned(),
        "loudspeaker" | "warn" => lang.pick("现场喊话", "Loudspeaker warning").to_owned(),
        _ => name.to_owned(),
    }
}

/// A text in which a competence may stand as its code in quotes, with the name instead.
#[must_use]
pub fn named(lang: Lang, text: &str) -> String {
    let Some((before, rest)) = text.split_once('“') else { return text.to_owned() };
    match rest.split_once('”') {
        Some((code, after)) => format!("{before}{}{}", competence(lang, code), named(lang, after)),
        None => text.to_owned(),
    }
}

/// Who reported, as the post calls them; the source's own name where we have no word for it.
#[must_use]
pub fn source(lang: Lang, name: &str) -> String {
    match name {
        "grid-workers" => lang.pick("网格员", "Grid workers").to_owned(),
        "141" => lang.pick("141 平台", "The 141 platform").to_owned(),
        _ => name.to_owned(),
    }
}

/// Who carried something out at the desk: without a login everybody is the desk.
#[must_use]
pub fn post(lang: Lang, name: &str) -> String {
    if name == "local" { lang.pick("值班席", "the desk").to_owned() } else { name.to_owned() }
}

/// What an adapter of ours is called; one that follows a topic of others has the name of its source.
#[must_use]
pub fn adapter(lang: Lang, name: &str) -> String {
    match name {
        "http" => lang.pick("HTTP 接入", "HTTP intake").to_owned(),
        name => name.to_owned(),
    }
}

/// Why a source does not cover its place.
#[must_use]
pub const fn blind_cause(cause: Option<BlindCause>) -> Text {
    match cause {
        Some(BlindCause::Silent) => Text::CauseSilent,
        Some(BlindCause::Offline) => Text::CauseOffline,
        Some(BlindCause::Stale) => Text::CauseStale,
        Some(BlindCause::Dark) => Text::CauseDark,
        Some(BlindCause::Occluded) => Text::CauseOccluded,
        None => Text::CauseUnknown,
    }
}

/// Why something was parked, in a few words; the code itself where we have none.
#[must_use]
pub fn parked(lang: Lang, code: &str) -> String {
    let (zh, en) = match code {
        "unknown-device" => ("设备不在目录里", "Device not in the catalogue"),
        "unknown-place" => ("点位不在目录里", "Place not in the catalogue"),
        "unknown-kind" => ("不认识的观测种类", "Unknown kind of observation"),
        "unknown-value" => ("不认识的数值名", "Unknown value"),
        "unknown-type" => ("不认识的消息类型", "Unknown type of message"),
        "device-without-place" => ("设备没有对应点位", "Device covers no place"),
        "place-not-covered" => ("设备看不到这个点位", "Device does not cover this place"),
        "source-not-allowed" => ("来源没有权限", "Source not allowed"),
        "missing-field" => ("缺少字段", "A field is missing"),
        "wrong-type" => ("字段类型不对", "Wrong type of a field"),
        "invalid-id" => ("编号不合规", "Not a valid id"),
        "invalid-time" => ("时间不合规", "Not a valid time"),
        "invalid-value" => ("数值不合规", "Not a valid value"),
        "malformed-json" => ("不是完整的 JSON", "Not JSON"),
        "not-utf8" => ("不是 UTF-8 文字", "Not UTF-8"),
        "too-large" => ("太大", "Too large"),
        "too-deep" => ("嵌套太深", "Nested too deeply"),
        "too-many" => ("数量太多", "Too many"),
        "too-long" => ("文字太长", "Too long"),
        "duplicate-key" => ("同名字段重复", "A field comes twice"),
        "null-character" => ("含空字符", "Holds a null character"),
        "invalid-url" => ("地址不合规", "Not a valid address"),
        "out-of-range" => ("超出范围", "Out of range"),
        "not-a-cloudevent" => ("不是 CloudEvent", "Not a CloudEvent"),
        "unsupported-media-type" => ("内容类型不支持", "Content type not supported"),
        "unsupported-charset" => ("字符集不支持", "Charset not supported"),
        "unsupported-version" => ("版本不支持", "Version not supported"),
        "packed" => ("压缩方式解不开", "Packed in an unknown way"),
        "unsupported-data" => ("数据形式不支持", "Form of data not supported"),
        "fault" => ("值守程序出错", "The watch failed on it"),
        _ => return code.to_owned(),
    };
    lang.pick(zh, en).to_owned()
}

/// What was seen, as one phrase: "见 0 人", "一辆车占用", "人群密度 4.6 人/㎡（上限 4）".
#[must_use]
pub fn seen(lang: Lang, facts: &[Fact]) -> String {
    let get = |name: &str| facts.iter().find(|fact| fact.name == name).map(|fact| &fact.value);
    let mut said: Vec<String> = Vec::new();
    for fact in deciding(facts) {
        if let Some(phrase) = one(lang, fact, &get)
            && !said.contains(&phrase)
        {
            said.push(phrase);
        }
    }
    said.join(lang.pick("，", ", "))
}

/// What was seen under a name; `None` where nothing was, or sources say different things.
#[must_use]
pub fn value(facts: &[Fact], name: &str) -> Option<String> {
    let mut values =
        deciding(facts).into_iter().filter(|fact| fact.name == name).map(|fact| phrase::value(&fact.value));
    let first = values.next()?;
    values.all(|other| other == first).then_some(first)
}

/// The limit first, then what was seen; of several crowd densities only the highest, which decides.
fn deciding(facts: &[Fact]) -> Vec<&Fact> {
    let number = |fact: &Fact| match &fact.value {
        Value::Number(number) => *number,
        Value::Int(number) => *number as f64,
        _ => 0.0,
    };
    let densest = facts.iter().filter(|fact| fact.name == "density").max_by(|a, b| number(a).total_cmp(&number(b)));
    let mut chosen: Vec<&Fact> = facts
        .iter()
        .filter(|fact| fact.name != "density" || densest.is_some_and(|densest| std::ptr::eq(densest, *fact)))
        .collect();
    chosen.sort_by_key(|fact| fact.name != "place.required");
    chosen
}

fn one<'a>(lang: Lang, fact: &Fact, get: &impl Fn(&str) -> Option<&'a Value>) -> Option<String> {
    let value = phrase::value(&fact.value);
    let plural = if value == "1" { "" } else { "s" };
    let said = match (fact.name.as_str(), &fact.value) {
        ("persons", _) => lang.pick(format!("见 {value} 人"), format!("{value} seen")),
        ("place.required", _) => lang.pick(format!("应有 {value} 人"), format!("{value} required")),
        ("vehicles", _) => lang.pick(format!("{value} 辆车占用"), format!("{value} vehicle{plural} in the lane")),
        ("occupied", _) if get("vehicles").is_some() => return None,
        ("occupied", Value::Bool(true)) => lang.pick("有物占用", "something in the way").to_owned(),
        ("occupied", _) => lang.pick("无占用", "nothing in the way").to_owned(),
        ("density", _) => {
            let limit = get("place.density_limit").map(phrase::value);
            let zh = limit.as_ref().map(|limit| format!("（上限 {limit}）")).unwrap_or_default();
            let en = limit.map(|limit| format!(" (limit {limit})")).unwrap_or_default();
            lang.pick(format!("人群密度 {value} 人/㎡{zh}"), format!("{value} people/m²{en}"))
        }
        ("place.density_limit" | "place.density_calm", _) => return None,
        ("seconds", _) => lang.pick(format!("逗留 {value} 秒"), format!("loitering {value} s")),
        ("line", _) => lang.pick(format!("越线 {value}"), format!("crossed {value}")),
        ("active", Value::Bool(true)) => lang.pick("报警中", "in alarm").to_owned(),
        ("active", _) => lang.pick("未报警", "not in alarm").to_owned(),
        ("answered", Value::Bool(true)) => lang.pick("已应答", "answered").to_owned(),
        ("answered", _) => lang.pick("未应答", "no answer").to_owned(),
        ("zone", _) => lang.pick(format!("部位 {value}"), format!("zone {value}")),
        (name, _) => format!("{} {value}", name.strip_prefix("place.").unwrap_or(name)),
    };
    Some(said)
}

/// A clause of a rule as people say it: "人数 > 0", "无占用". What it does not know stays as written.
#[must_use]
pub fn clause(lang: Lang, when: &str) -> String {
    match when.trim() {
        "persons > 0" => return lang.pick("见到有人", "somebody is seen").to_owned(),
        "persons == 0" => return lang.pick("一个人也没有", "nobody is seen").to_owned(),
        "occupied" => return lang.pick("通道有物占用", "something is in the lane").to_owned(),
        "silent" => return lang.pick("没有消息", "nothing is heard").to_owned(),
        "!occupied" => return lang.pick("通道畅通", "the lane is free").to_owned(),
        "heard again" => return lang.pick("又有消息了", "heard from again").to_owned(),
        "withdrawn" => return lang.pick("规则或点位已撤下", "rule or place withdrawn").to_owned(),
        "corrected at restart" => return lang.pick("重启后更正", "corrected after a restart").to_owned(),
        _ => {}
    }
    let words: &[(&str, &str, &str)] = &[
        ("place.required", "应有人数", "people required"),
        ("place.density_limit", "密度上限", "density limit"),
        ("place.density_calm", "平静密度", "calm density"),
        ("persons", "见到人数", "people seen"),
        ("vehicles", "车辆数", "vehicles"),
        ("density", "人群密度", "density"),
        ("occupied", "有物占用", "occupied"),
        ("active", "报警", "in alarm"),
        ("&&", "且", "and"),
        ("||", "或", "or"),
        ("==", "=", "="),
        (">=", "≥", "≥"),
        ("<=", "≤", "≤"),
        ("!=", "≠", "≠"),
    ];
    when.split_whitespace()
        .map(|piece| words.iter().find(|word| word.0 == piece).map_or(piece, |word| lang.pick(word.1, word.2)))
        .collect::<Vec<_>>()
        .join(" ")
}

/// The text of a state of a condition.
#[must_use]
pub const fn state(state: State) -> Text {
    match state {
        State::Unknown => Text::StateUnknown,
        State::Clear => Text::StateClear,
        State::Suspected => Text::StateSuspected,
        State::Present => Text::StatePresent,
        State::Easing => Text::StateEasing,
    }
}

/// The text of a state of a case.
#[must_use]
pub const fn case_state(state: CaseState) -> Text {
    match state {
        CaseState::Filed => Text::CaseFiled,
        CaseState::Dispatched => Text::CaseDispatched,
        CaseState::Accepted => Text::CaseAccepted,
        CaseState::OnScene => Text::CaseOnScene,
        CaseState::Handled => Text::CaseHandled,
        CaseState::PostChecked => Text::CasePostChecked,
        CaseState::Closed => Text::CaseClosed,
        CaseState::Void => Text::CaseVoid,
    }
}

/// The text of an outcome. Nobody drives off what is the matter with a device: it recovers.
#[must_use]
pub const fn outcome(subject: &Subject, outcome: CaseOutcome) -> Text {
    match outcome {
        CaseOutcome::DrivenOff if matches!(subject, Subject::Device(_) | Subject::Adapter(_)) => Text::OutcomeCleared,
        CaseOutcome::DrivenOff => Text::OutcomeDrivenOff,
        CaseOutcome::Cleared => Text::OutcomeCleared,
        CaseOutcome::Handled => Text::OutcomeHandled,
        CaseOutcome::FalseAlarm => Text::OutcomeFalse,
        CaseOutcome::Duplicate => Text::OutcomeDuplicate,
        CaseOutcome::NotOurs => Text::OutcomeNotOurs,
        CaseOutcome::Void => Text::OutcomeVoid,
    }
}

/// The word of a decision that a person at the desk can press; facts and what a seat decides are not the desk's.
#[must_use]
pub fn decision(command: &str) -> Option<Text> {
    Some(match command {
        "acknowledge" => Text::DoAcknowledge,
        "redispatch" => Text::DoRedispatch,
        "post_check" => Text::DoPostOk,
        "verdict" => Text::DoVerdict,
        "void" => Text::DoVoid,
        "reopen" => Text::DoReopen,
        "note" => Text::DoNote,
        _ => return None,
    })
}

/// The text of a seat's state.
#[must_use]
pub const fn seat_state(state: SeatState) -> Text {
    match state {
        SeatState::Wanted => Text::SeatWanted,
        SeatState::Asked => Text::SeatAsked,
        SeatState::Accepted => Text::SeatAccepted,
        SeatState::OnScene => Text::SeatOnScene,
        SeatState::Done => Text::SeatDone,
        SeatState::Returned => Text::SeatReturned,
    }
}

/// The text of a role.
#[must_use]
pub const fn role(role: Role) -> Text {
    match role {
        Role::Lead => Text::Lead,
        Role::Assist => Text::Assist,
    }
}

/// The text of a kind of clock.
#[must_use]
pub const fn clock(kind: ClockKind) -> Text {
    match kind {
        ClockKind::Accept => Text::ClockAccept,
        ClockKind::Arrive => Text::ClockArrive,
        ClockKind::Close => Text::ClockClose,
        ClockKind::PostCheck => Text::ClockPostCheck,
    }
}

/// A severity as people say it.
#[must_use]
pub fn severity(lang: Lang, level: u8) -> String {
    let zh = ["一级", "二级", "三级", "四级", "五级"].get(usize::from(level).wrapping_sub(1)).copied();
    lang.pick(zh.unwrap_or("—").to_owned(), format!("Level {level}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(name: &str, value: Value) -> Fact {
        Fact { name: name.to_owned(), value, device: None, source: None, seen: None }
    }

    #[test]
    fn every_code_of_a_dead_letter_has_a_title() {
        for code in muster_wire::Code::ALL {
            assert_ne!(parked(Lang::Zh, code.name()), code.name());
        }
    }

    #[test]
    fn what_was_seen_is_said_with_value_and_limit() {
        let room = [fact("place.required", Value::Int(2)), fact("persons", Value::Int(0))];
        assert_eq!(seen(Lang::Zh, &room), "应有 2 人，见 0 人");
        assert_eq!(seen(Lang::En, &room), "2 required, 0 seen");
        let lane = [fact("occupied", Value::Bool(true)), fact("vehicles", Value::Int(1))];
        assert_eq!(seen(Lang::Zh, &lane), "1 辆车占用");
        assert_eq!(seen(Lang::En, &lane), "1 vehicle in the lane");
        let area = [fact("density", Value::Number(4.64)), fact("place.density_limit", Value::Number(4.0))];
        assert_eq!(seen(Lang::Zh, &area), "人群密度 4.6 人/㎡（上限 4）");
        assert_eq!(seen(Lang::En, &[fact("tilt", Value::Int(9))]), "tilt 9");
    }

    #[test]
    fn of_several_densities_the_highest_is_said_and_limits_come_first() {
        let area = [fact("density", Value::Number(1.2)), fact("density", Value::Number(4.64))];
        assert_eq!(seen(Lang::Zh, &area), "人群密度 4.6 人/㎡");
        let room = [fact("persons", Value::Int(1)), fact("place.required", Value::Int(2))];
        assert_eq!(seen(Lang::Zh, &room), "应有 2 人，见 1 人");
    }

    #[test]
    fn a_name_has_the_value_that_all_sources_say() {
        let two = |one, other| [fact("persons", Value::Int(one)), fact("persons", Value::Int(other))];
        assert_eq!(value(&two(1, 1), "persons").as_deref(), Some("1"));
        assert_eq!((value(&two(1, 2), "persons"), value(&two(1, 1), "line")), (None, None));
    }

    #[test]
    fn a_competence_in_quotes_is_named() {
        assert_eq!(named(Lang::Zh, "此处没有能派的“police”单位"), "此处没有能派的公安单位");
        assert_eq!(named(Lang::En, "no unit for police"), "no unit for police");
        assert_eq!(named(Lang::Zh, "开“口"), "开“口");
    }

    #[test]
    fn clauses_are_said_and_what_is_unknown_stays() {
        assert_eq!(clause(Lang::Zh, "!occupied"), "通道畅通");
        assert_eq!(clause(Lang::Zh, "persons >= place.required"), "见到人数 ≥ 应有人数");
        assert_eq!(clause(Lang::En, "sway(a) > 3"), "sway(a) > 3");
    }
}
