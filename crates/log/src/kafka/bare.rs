//! The loop that anybody would write first, as well as it can be written: what a measurement stands beside.

use std::ffi::CString;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::client::{Settings, number, trouble, unmade};
use super::native::{self, Message};
use crate::error::LogError;
use crate::headers::{HeadersIter, put};
use crate::record::Bounds;
use crate::settings::LogSettings;

/// Messages that one call takes at most.
const ARRAY: usize = 4096;
/// How long a call waits for its array to fill: longer waits for nobody.
const WAIT: Duration = Duration::from_millis(2);
/// Calls without a message after which no more come.
const PATIENCE: u32 = 5_000;

/// A record as the client gave it. Its headers cost nothing unless they are asked for.
#[derive(Debug)]
pub struct BareRecord<'a> {
    message: &'a Message,
    packed: &'a mut Vec<u8>,
}

impl<'a> BareRecord<'a> {
    /// The content.
    #[must_use]
    pub fn payload(&self) -> &'a [u8] {
        self.message.payload().unwrap_or_default()
    }

    /// The headers.
    pub fn headers(&mut self) -> HeadersIter<'_> {
        self.packed.clear();
        self.message.each_header(|name, value| put(self.packed, name, value));
        HeadersIter::over(self.packed)
    }
}

/// Reads every record of some partitions of a topic on one thread, in batches, with the settings of the log itself, and
/// hands out each. It keeps no offset, makes no record of its own, and watches nothing. Blocks.
///
/// # Errors
/// [`LogError`] if the client cannot be made, or if the records do not come.
pub fn bare_loop(
    settings: &LogSettings,
    topic: &str,
    partitions: &[Bounds],
    mut each: impl FnMut(BareRecord<'_>),
) -> Result<u64, LogError> {
    let name = CString::new(topic).map_err(|_| LogError::invalid(format!("{topic:?} is no topic")))?;
    let consumer: BaseConsumer = Settings::new(settings)?.consumer.create().map_err(unmade)?;
    let mut list = TopicPartitionList::new();
    let mut wanted = 0;
    for (partition, bounds) in (0..).zip(partitions).filter(|(_, bounds)| bounds.end > bounds.start) {
        let from = Offset::Offset(i64::try_from(bounds.start).unwrap_or(i64::MAX));
        list.add_partition_offset(topic, number(partition), from).map_err(|error| trouble("a bare loop", error))?;
        wanted += bounds.end - bounds.start;
    }
    consumer.assign(&list).map_err(|error| trouble("a bare loop", error))?;
    let (mut read, mut empty, mut packed) = (0, 0, Vec::new());
    while read < wanted {
        let taken = native::consume_batch(consumer.client(), &name, ARRAY, WAIT, |message| {
            each(BareRecord { message, packed: &mut packed });
        });
        read += taken;
        empty = if taken == 0 { empty + 1 } else { 0 };
        if empty > PATIENCE {
            return Err(LogError::unavailable("a bare loop: the records do not come"));
        }
    }
    Ok(read)
}
