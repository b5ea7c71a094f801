//! Checkpoints: the whole state as bytes, checksummed, naming engine and configuration (ENGINE §10).

use std::collections::BTreeMap;
use std::sync::Arc;

use muster_domain::condition::{BlindCause, State};
use muster_domain::id::{AdapterName, DeviceId, EpisodeId, SourceName};

use super::belief::Belief;
use super::built_in::{Adapter, Alarm, Dark};
use super::codec::{Reader, Writer};
use super::condition::{Condition, Episode};
use super::hold::Hold;
use super::ladder::{Call, Ladder};
use super::sight::Sight;
use super::voice::{Voice, Word};
use super::{Clock, Engine};
use crate::config::Config;

/// The engine that writes and reads these bytes. It is raised whenever the same records could give another state.
const ENGINE: &str = "muster-watch/3";
/// The engine before it, which believed the same and did not keep why a source does not cover: its bytes are read too.
const BEFORE: &str = "muster-watch/2";
const MAGIC: &[u8; 8] = b"MUSTERCP";

/// Why a checkpoint cannot be used; the one before it, or the log from its beginning, can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The bytes are not what was written.
    #[error("the checkpoint is damaged; use the one before it")]
    Damaged,
    /// Another engine wrote it.
    #[error("the checkpoint was written by {found}, this is {ENGINE}; read the log from its beginning")]
    OtherEngine {
        /// The engine that wrote it.
        found: String,
    },
    /// It names a configuration version that the store does not have.
    #[error("the checkpoint rests on configuration version {0}, which is not there; restore it in the store")]
    NoConfig(u64),
}

impl Engine {
    /// The whole state. The same state gives the same bytes.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut writer = Writer::default();
        self.write(&mut writer);
        let body = writer.bytes;
        let mut bytes = Vec::with_capacity(body.len() + 16);
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&checksum(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    /// A number that two engines share exactly if their states are the same.
    #[must_use]
    pub fn state_hash(&self) -> u64 {
        let mut writer = Writer::default();
        self.write(&mut writer);
        checksum(&writer.bytes)
    }

    /// The hash of the state that a checkpoint holds, without restoring it; nothing where the bytes are damaged.
    #[must_use]
    pub fn hash_in(bytes: &[u8]) -> Option<u64> {
        body_of(bytes).map(checksum)
    }

    /// The engine that wrote a checkpoint.
    ///
    /// # Errors
    /// [`CheckpointError`] when the bytes are damaged, of another engine, or rest on a configuration that is gone.
    pub fn restore(bytes: &[u8], configs: &mut dyn FnMut(u64) -> Option<Arc<Config>>) -> Result<Self, CheckpointError> {
        let mut reader = Reader::new(body_of(bytes).ok_or(CheckpointError::Damaged)?);
        let found = reader.text().ok_or(CheckpointError::Damaged)?;
        if found != ENGINE && found != BEFORE {
            return Err(CheckpointError::OtherEngine { found: found.to_owned() });
        }
        let version = reader.maybe(Reader::number).ok_or(CheckpointError::Damaged)?;
        let config = match version {
            Some(version) => Some(configs(version).ok_or(CheckpointError::NoConfig(version))?),
            None => None,
        };
        read(&mut reader, config.as_ref(), found == ENGINE).filter(|_| reader.is_done()).ok_or(CheckpointError::Damaged)
    }

    fn write(&self, to: &mut Writer) {
        to.text(ENGINE);
        to.maybe(self.config.as_ref().map(|config| config.version), Writer::number);
        to.text(&self.generation);
        to.number(u64::from(self.partition));
        to.number(u64::from(self.partitions));
        to.maybe(self.offset, Writer::number);
        to.maybe(self.clock.epoch, Writer::number);
        to.maybe(self.clock.time, Writer::instant);
        to.maybe(self.clock.outage_end, Writer::instant);
        to.length(self.adapters.len());
        for (name, adapter) in &self.adapters {
            to.text(name.as_str());
            to.instant(adapter.heard);
            to.maybe(adapter.back, Writer::instant);
            write_alarm(&adapter.alarm, to);
        }
        to.length(self.devices.len());
        for (id, dark) in &self.devices {
            to.text(id.as_str());
            to.number(u64::from(dark.count));
            to.instant(dark.from);
            write_alarm(&dark.alarm, to);
        }
        to.length(self.conditions.len());
        self.conditions.iter().for_each(|condition| write_condition(condition, to));
    }
}

fn read(from: &mut Reader<'_>, config: Option<&Arc<Config>>, causes: bool) -> Option<Engine> {
    let generation = from.text()?;
    let (partition, partitions) = (u32::try_from(from.number()?).ok()?, u32::try_from(from.number()?).ok()?);
    let mut engine = Engine::new(generation, partition, partitions);
    if let Some(config) = config {
        engine.install(config);
    }
    engine.offset = from.maybe(Reader::number)?;
    engine.clock = Clock {
        epoch: from.maybe(Reader::number)?,
        time: from.maybe(Reader::instant)?,
        outage_end: from.maybe(Reader::instant)?,
    };
    for _ in 0..from.length()? {
        let name = AdapterName::parse(from.text()?).ok()?;
        let adapter = Adapter { heard: from.instant()?, back: from.maybe(Reader::instant)?, alarm: read_alarm(from)? };
        engine.adapters.insert(name, adapter);
    }
    let mut devices = BTreeMap::new();
    for _ in 0..from.length()? {
        let id = DeviceId::parse(from.text()?).ok()?;
        let count = u32::try_from(from.number()?).ok()?;
        devices.insert(id, Dark { count, from: from.instant()?, alarm: read_alarm(from)? });
    }
    engine.devices = devices;
    if from.length()? != engine.conditions.len() {
        return None;
    }
    for condition in &mut engine.conditions {
        read_condition(condition, from, causes)?;
    }
    engine.climbing = engine.positions().filter(|n| engine.conditions[*n as usize].is_climbing()).collect();
    Some(engine)
}

fn write_alarm(alarm: &Alarm, to: &mut Writer) {
    to.flag(alarm.known);
    to.instant(alarm.since);
    to.maybe(alarm.episode.as_ref(), |to, id| to.text(id.as_str()));
}

fn read_alarm(from: &mut Reader<'_>) -> Option<Alarm> {
    Some(Alarm { known: from.flag()?, since: from.instant()?, episode: from.maybe(read_episode_id)? })
}

fn read_episode_id(from: &mut Reader<'_>) -> Option<EpisodeId> {
    EpisodeId::parse(from.text()?).ok()
}

fn write_condition(condition: &Condition, to: &mut Writer) {
    to.text(condition.rule.id.as_str());
    to.text(condition.place.id.as_str());
    let belief = &condition.belief;
    to.text(belief.state.name());
    to.instant(belief.since);
    to.maybe(belief.seen, Writer::instant);
    to.number(belief.witnesses);
    to.instant(belief.hold.sum);
    to.instant(belief.hold.pause);
    to.maybe(belief.hold.doubt, Writer::instant);
    to.number(belief.hold.doubters);
    to.maybe(belief.still_until, Writer::instant);
    to.maybe(condition.sight.born, Writer::instant);
    to.maybe(condition.sight.blind_from, Writer::instant);
    to.maybe(condition.sight.unheard, Writer::instant);
    to.number(condition.sight.cased);
    to.maybe(condition.episode.as_ref(), write_episode);
    to.length(condition.voices.len());
    condition.voices.iter().for_each(|voice| write_voice(voice, to));
}

fn write_episode(to: &mut Writer, episode: &Episode) {
    to.text(episode.id.as_str());
    to.instant(episode.began);
    to.maybe(episode.opened, Writer::instant);
    to.instant(episode.ladder.present);
    to.instant(episode.ladder.standing);
    to.number(u64::from(episode.ladder.done));
    to.length(episode.ladder.calls.len());
    for call in &episode.ladder.calls {
        to.text(&call.name);
        [call.delivered, call.answered, call.failed].into_iter().for_each(|flag| to.flag(flag));
    }
}

fn write_voice(voice: &Voice, to: &mut Writer) {
    to.text(voice.device.as_str());
    to.maybe(voice.born, Writer::instant);
    to.maybe(voice.source.as_ref(), |to, source| to.text(source.as_str()));
    to.maybe(voice.adapter.as_ref(), |to, adapter| to.text(adapter.as_str()));
    for instant in
        [voice.last, voice.said_at, voice.heard, voice.unwell, voice.silent_from].into_iter().chain(voice.health)
    {
        to.maybe(instant, Writer::instant);
    }
    for cause in [voice.ailment, voice.told] {
        to.maybe(cause, |to, cause| to.text(cause.name()));
    }
    to.length(voice.values.len());
    voice.values.iter().for_each(|value| to.maybe(value.as_ref(), Writer::value));
    to.length(voice.words.len());
    for word in &voice.words {
        to.instant(word.from);
        to.instant(word.to);
        to.flag(word.well);
    }
}

/// Fills in a condition that its configuration has built; the bytes must speak of the same one.
fn read_condition(condition: &mut Condition, from: &mut Reader<'_>, causes: bool) -> Option<()> {
    if from.text()? != condition.rule.id.as_str() || from.text()? != condition.place.id.as_str() {
        return None;
    }
    condition.belief = Belief {
        state: State::parse(from.text()?)?,
        since: from.instant()?,
        seen: from.maybe(Reader::instant)?,
        witnesses: from.number()?,
        hold: Hold {
            sum: from.instant()?,
            pause: from.instant()?,
            doubt: from.maybe(Reader::instant)?,
            doubters: from.number()?,
        },
        still_until: from.maybe(Reader::instant)?,
    };
    condition.sight = Sight {
        born: from.maybe(Reader::instant)?,
        blind_from: from.maybe(Reader::instant)?,
        unheard: if causes { from.maybe(Reader::instant)? } else { None },
        cased: from.number()?,
    };
    condition.episode = from.maybe(read_episode)?;
    if from.length()? != condition.voices.len() {
        return None;
    }
    for voice in &mut condition.voices {
        read_voice(voice, from, causes)?;
        voice.says =
            if voice.said_at.is_some() { condition.rule.says(&voice.values, &condition.props) } else { voice.says };
    }
    if !causes && condition.sight.blind_from.is_some() {
        condition.sight.unheard = condition.last_word_out();
    }
    condition.combine_again();
    Some(())
}

fn read_episode(from: &mut Reader<'_>) -> Option<Episode> {
    let (id, began, opened) = (read_episode_id(from)?, from.instant()?, from.maybe(Reader::instant)?);
    let (present, standing, done) = (from.instant()?, from.instant()?, u32::try_from(from.number()?).ok()?);
    let mut calls = Vec::new();
    for _ in 0..from.length()? {
        let name = from.text()?.to_owned();
        calls.push(Call { name, delivered: from.flag()?, answered: from.flag()?, failed: from.flag()? });
    }
    Some(Episode { id, began, opened, ladder: Ladder { present, standing, done, calls } })
}

fn read_cause(from: &mut Reader<'_>) -> Option<BlindCause> {
    BlindCause::parse(from.text()?)
}

fn read_voice(voice: &mut Voice, from: &mut Reader<'_>, causes: bool) -> Option<()> {
    if from.text()? != voice.device.as_str() {
        return None;
    }
    voice.born = from.maybe(Reader::instant)?;
    voice.source = from.maybe(|from| SourceName::parse(from.text()?).ok())?;
    voice.adapter = from.maybe(|from| AdapterName::parse(from.text()?).ok())?;
    let instants = [&mut voice.last, &mut voice.said_at, &mut voice.heard, &mut voice.unwell, &mut voice.silent_from];
    for instant in instants {
        *instant = from.maybe(Reader::instant)?;
    }
    for instant in &mut voice.health {
        *instant = from.maybe(Reader::instant)?;
    }
    if causes {
        voice.ailment = from.maybe(read_cause)?;
        voice.told = from.maybe(read_cause)?;
    }
    for _ in 0..from.length()? {
        let value = from.maybe(Reader::value)?;
        voice.values.push(value);
    }
    for _ in 0..from.length()? {
        voice.words.push(Word { from: from.instant()?, to: from.instant()?, well: from.flag()? });
    }
    Some(())
}

/// The state in a checkpoint, if the bytes are what was written.
fn body_of(bytes: &[u8]) -> Option<&[u8]> {
    let (magic, rest) = bytes.split_at_checked(8)?;
    let (sum, body) = rest.split_at_checked(8)?;
    (magic == MAGIC && sum == checksum(body).to_le_bytes()).then_some(body)
}

/// FNV-1a over the bytes, folded once more so that trailing zeros count.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325, step);
    (hash ^ bytes.len() as u64).wrapping_mul(0x0000_0100_0000_01b3)
}
