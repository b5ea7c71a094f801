//! What a person at the desk may decide on a case now, each with its key.

use muster_domain::case::{Case, CaseState, SeatState};
use muster_domain::lifecycle::Verdict;

use crate::scene::Scene;
use crate::text::Text;
use crate::view::need::{Need, need};

/// A decision as a button.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The letter that does it, shown on the button.
    pub key: char,
    /// Its word.
    pub label: &'static str,
    /// The fields of its form besides the reason.
    pub fields: Vec<(&'static str, String)>,
    /// Whether it takes a reason.
    pub reason: Asks,
    /// Reasons people give most.
    pub presets: Vec<&'static str>,
    /// The one that is most likely wanted.
    pub main: bool,
    /// It ends the case: the page waits ten seconds in which it can be taken back.
    pub ends: bool,
}

impl Decision {
    /// The name of its form on a page: the same only while it decides the same about the same seat of the same case, so
    /// that what somebody is writing for one is never sent for another.
    #[must_use]
    pub fn name(&self, case: &str) -> String {
        let seat = self.fields.iter().find(|(name, _)| *name == "seat").map_or("", |(_, seat)| seat.as_str());
        format!("act-{case}-{}-{seat}", self.key)
    }
}

/// Whether a decision takes a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asks {
    /// No.
    Nothing,
    /// It may.
    Maybe,
    /// It must.
    Reason,
}

/// The decisions of a case: those in the row, and those behind "more".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decisions {
    /// In the row.
    pub row: Vec<Decision>,
    /// Behind "more".
    pub more: Vec<Decision>,
}

/// What may be decided on a case now. What the life would refuse is not offered.
#[must_use]
pub fn decisions(scene: &Scene<'_>, case: &Case) -> Decisions {
    let make = Maker { scene };
    if !case.state.is_live() {
        return Decisions { row: vec![make.reopen(), make.note('b')], more: vec![] };
    }
    let needed = need(case, scene.look.now);
    let mut row = Vec::new();
    if case.state == CaseState::Handled {
        row.push(Decision { main: needed == Some(Need::Check), ..make.check(true) });
        row.push(make.check(false));
    }
    if case.acknowledged.is_none() {
        row.push(Decision { main: !row.iter().any(|other| other.main), ..make.acknowledge() });
    }
    if let Some(seat) =
        case.lead().filter(|seat| matches!(seat.state, SeatState::Asked | SeatState::Accepted | SeatState::OnScene))
    {
        let main = !row.iter().any(|other| other.main) && matches!(needed, Some(Need::Late | Need::Fallback));
        row.push(Decision { main, ..make.redispatch(seat.id.as_str()) });
    }
    row.push(make.verdict('f', Text::DoFalse, Verdict::False));
    let more = vec![
        make.verdict('y', Text::DoReal, Verdict::Real),
        make.verdict('d', Text::DoDuplicate, Verdict::Duplicate),
        make.verdict('n', Text::DoNotOurs, Verdict::NotOurs),
        make.note('b'),
        make.void(),
    ];
    Decisions { row, more }
}

/// A decision that moves one seat to another unit.
#[must_use]
pub fn redispatch(scene: &Scene<'_>, seat: &str) -> Decision {
    Maker { scene }.redispatch(seat)
}

struct Maker<'a> {
    scene: &'a Scene<'a>,
}

impl Maker<'_> {
    fn plain(&self, key: char, label: Text, command: &str) -> Decision {
        Decision {
            key,
            label: self.scene.look.t(label),
            fields: vec![("command", command.to_owned())],
            reason: Asks::Nothing,
            presets: vec![],
            main: false,
            ends: false,
        }
    }

    fn presets(&self, texts: &[Text]) -> Vec<&'static str> {
        texts.iter().map(|text| self.scene.look.t(*text)).collect()
    }

    fn acknowledge(&self) -> Decision {
        self.plain('a', Text::DoAcknowledge, "acknowledge")
    }

    fn check(&self, ok: bool) -> Decision {
        let (key, label) = if ok { ('c', Text::DoPostOk) } else { ('x', Text::DoPostBad) };
        let mut decision = self.plain(key, label, "post_check");
        decision.fields.push(("ok", ok.to_string()));
        decision.ends = ok;
        decision
    }

    fn redispatch(&self, seat: &str) -> Decision {
        let mut decision = self.plain('r', Text::DoRedispatch, "redispatch");
        decision.fields.push(("seat", seat.to_owned()));
        decision.reason = Asks::Reason;
        decision.presets = self.presets(&[Text::WhyNoAnswer, Text::WhyBusy, Text::WhyFar, Text::WhyNotOurJob]);
        decision
    }

    fn verdict(&self, key: char, label: Text, verdict: Verdict) -> Decision {
        let name = match verdict {
            Verdict::Real => "real",
            Verdict::False => "false",
            Verdict::Duplicate => "duplicate",
            Verdict::NotOurs => "not_ours",
        };
        let mut decision = self.plain(key, label, "verdict");
        decision.fields.push(("verdict", name.to_owned()));
        decision.ends = verdict != Verdict::Real;
        if verdict == Verdict::False {
            decision.reason = Asks::Maybe;
            decision.presets = self.presets(&[Text::WhyDrill, Text::WhyPermit]);
        }
        decision
    }

    fn note(&self, key: char) -> Decision {
        Decision { reason: Asks::Reason, ..self.plain(key, Text::DoNote, "note") }
    }

    fn void(&self) -> Decision {
        let mut decision = self.plain('v', Text::DoVoid, "void");
        decision.reason = Asks::Reason;
        decision.presets = self.presets(&[Text::WhyMistaken]);
        decision.ends = true;
        decision
    }

    fn reopen(&self) -> Decision {
        let mut decision = self.plain('o', Text::DoReopen, "reopen");
        decision.reason = Asks::Reason;
        decision.presets = self.presets(&[Text::WhyStillThere]);
        decision
    }
}
