//! The calls of librdkafka that its Rust wrapper lacks, or answers with a panic. The only unsafe code here.
#![expect(unsafe_code, reason = "calls into the C library; each block says why it holds")]

use std::ffi::{CStr, CString, c_char, c_int};
use std::time::{Duration, Instant};
use std::{ptr, slice};

use rdkafka::bindings as c;
use rdkafka::client::{Client, ClientContext};

use super::client::ASKED;

/// What a broker older than Kafka 2.8 says: sixteen zero bytes.
const NO_ID: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// The end of a partition as the last fetch told it; asks nobody.
pub(super) fn known_end(client: &Client<impl ClientContext>, topic: &CStr, partition: i32) -> Option<u64> {
    let (mut low, mut high) = (-1, -1);
    // SAFETY: the client lives as long as the borrow, the name ends in NUL, both places are ours.
    let code = unsafe {
        c::rd_kafka_get_watermark_offsets(client.native_ptr(), topic.as_ptr(), partition, &mut low, &mut high)
    };
    // Negative where no fetch has told it yet.
    if code == c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR { u64::try_from(high).ok() } else { None }
}

/// A message as the library handed it out, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Message(Owned<c::rd_kafka_message_t>);

// SAFETY: the library lets any thread read a message and give it back, one at a time.
unsafe impl Send for Message {}

impl Message {
    fn found(&self) -> &c::rd_kafka_message_t {
        // SAFETY: the pointer is not null and what it points to lives until the guard gives it back.
        unsafe { &*self.0.0 }
    }

    /// The error that it stands for, if it is none.
    pub(super) fn error(&self) -> Option<c::rd_kafka_resp_err_t> {
        Some(self.found().err).filter(|code| *code != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR)
    }

    /// Its offset; of an error, that of the batch that it is about.
    pub(super) fn offset(&self) -> u64 {
        u64::try_from(self.found().offset).unwrap_or(0)
    }

    /// Its time, milliseconds since 1970 UTC; 0 if it has none.
    pub(super) fn timestamp_ms(&self) -> i64 {
        // SAFETY: as in `found`; the kind of time is not asked for.
        unsafe { c::rd_kafka_message_timestamp(self.0.0, ptr::null_mut()) }.max(0)
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        let found = self.found();
        // SAFETY: the library says how long it is, and keeps it unchanged while the message lives.
        (!found.key.is_null()).then(|| unsafe { slice::from_raw_parts(found.key.cast::<u8>(), found.key_len) })
    }

    pub(super) fn payload(&self) -> Option<&[u8]> {
        let found = self.found();
        // SAFETY: as of the key.
        (!found.payload.is_null()).then(|| unsafe { slice::from_raw_parts(found.payload.cast::<u8>(), found.len) })
    }

    /// Hands out name and value of each header. A name need not be UTF-8: anybody who may write to the intake could send
    /// one.
    pub(super) fn each_header(&self, mut each: impl FnMut(&[u8], &[u8])) {
        let mut headers = ptr::null_mut();
        // SAFETY: the message, and with it its headers, lives as long as the borrow.
        let code = unsafe { c::rd_kafka_message_headers(self.0.0, &mut headers) };
        if code != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || headers.is_null() {
            return;
        }
        for index in 0.. {
            let (mut name, mut value, mut size) = (ptr::null::<c_char>(), ptr::null(), 0_usize);
            // SAFETY: as above; the three places are ours.
            let code = unsafe { c::rd_kafka_header_get_all(headers, index, &mut name, &mut value, &mut size) };
            if code != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR || name.is_null() {
                return;
            }
            // SAFETY: the library ends names with NUL.
            let name = unsafe { CStr::from_ptr(name) };
            let value = if value.is_null() {
                &[][..]
            } else {
                // SAFETY: the library gives a value of that size, unchanged while the message lives.
                unsafe { slice::from_raw_parts(value.cast::<u8>(), size) }
            };
            each(name.to_bytes(), value);
        }
    }
}

/// Takes what a partition's queue has ready, up to `most` messages and errors; waits for nothing.
pub(super) fn take_ready(
    client: &Client<impl ClientContext>,
    topic: &CStr,
    partition: i32,
    most: usize,
) -> impl Iterator<Item = Message> {
    // SAFETY: the client lives as long as the borrow, the name ends in NUL; the guard gives the queue back.
    let queue = unsafe { c::rd_kafka_queue_get_partition(client.native_ptr(), topic.as_ptr(), partition) };
    batch(&Owned(queue, c::rd_kafka_queue_destroy), most, Duration::ZERO)
}

/// Takes what the consumer has ready, up to `most` messages, and hands out those of a topic. Says how many.
pub(super) fn consume_batch(
    client: &Client<impl ClientContext>,
    topic: &CStr,
    most: usize,
    wait: Duration,
    mut each: impl FnMut(&Message),
) -> u64 {
    // SAFETY: the client lives as long as the borrow; the guard gives the queue back.
    let queue = unsafe { c::rd_kafka_queue_get_consumer(client.native_ptr()) };
    let mut count = 0;
    for message in batch(&Owned(queue, c::rd_kafka_queue_destroy), most, wait) {
        // SAFETY: a message that is no error has a topic, whose name lives as long as it.
        if message.error().is_none() && unsafe { CStr::from_ptr(c::rd_kafka_topic_name(message.found().rkt)) } == topic
        {
            count += 1;
            each(&message);
        }
    }
    count
}

/// Takes up to `most` messages from a queue, waiting for that many at most so long.
fn batch(queue: &Owned<c::rd_kafka_queue_t>, most: usize, wait: Duration) -> impl Iterator<Item = Message> + use<> {
    let wait = c_int::try_from(wait.as_millis()).unwrap_or(c_int::MAX);
    let mut messages: Vec<*mut c::rd_kafka_message_t> = vec![ptr::null_mut(); most];
    // SAFETY: the queue lives as long as the borrow; the array is ours and as long as said.
    let taken = match queue.0.is_null() {
        true => 0,
        false => unsafe { c::rd_kafka_consume_batch_queue(queue.0, wait, messages.as_mut_ptr(), most) },
    };
    messages.truncate(usize::try_from(taken).unwrap_or_default());
    // The library filled so many places, each with a message of ours to give back.
    messages.into_iter().map(|message| Message(Owned(message, c::rd_kafka_message_destroy)))
}

/// The ids of topics (KIP-516), in the order of the names; empty for one that has none. Blocks up to the timeout.
pub(super) fn topic_ids(
    client: &Client<impl ClientContext>,
    names: &[CString],
    timeout: Duration,
) -> Result<Vec<String>, String> {
    let until = Instant::now() + timeout;
    let brokers = brokers(client, millis(timeout))?;
    let left = millis(until.saturating_duration_since(Instant::now()));
    let mut pointers: Vec<*const c_char> = names.iter().map(|name| name.as_ptr()).collect();
    // SAFETY: names and client outlive the call; what is made here is given back by the guards.
    let queue = unsafe {
        let topics = c::rd_kafka_TopicCollection_of_topic_names(pointers.as_mut_ptr(), pointers.len());
        let topics = Owned(topics, c::rd_kafka_TopicCollection_destroy);
        let queue = Owned(c::rd_kafka_queue_new(client.native_ptr()), c::rd_kafka_queue_destroy);
        let kind = c::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS;
        for broker in &brokers {
            let options = c::rd_kafka_AdminOptions_new(client.native_ptr(), kind);
            let options = Owned(options, c::rd_kafka_AdminOptions_destroy);
            c::rd_kafka_AdminOptions_set_request_timeout(options.0, left, ptr::null_mut(), 0);
            c::rd_kafka_AdminOptions_set_broker(options.0, *broker, ptr::null_mut(), 0);
            c::rd_kafka_DescribeTopics(client.native_ptr(), topics.0, options.0, queue.0);
        }
        queue
    };
    let mut silent = "no answer in time".to_owned();
    for _ in &brokers {
        let left = millis(until.saturating_duration_since(Instant::now()));
        // SAFETY: the queue is one of ours, and so is what it hands out.
        let event =
            unsafe { Owned(c::rd_kafka_queue_poll(queue.0, left.saturating_add(1000)), c::rd_kafka_event_destroy) };
        if event.0.is_null() {
            break;
        }
        // SAFETY: the event is not null and lives until the end of this turn.
        unsafe {
            if c::rd_kafka_event_error(event.0) == c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
                return Ok(names.iter().map(|name| id_in(&event, name)).collect());
            }
            silent = CStr::from_ptr(c::rd_kafka_event_error_string(event.0)).to_string_lossy().into_owned();
        }
    }
    Err(silent)
}

/// Some brokers of the cluster, enough of them that one may be gone.
fn brokers(client: &Client<impl ClientContext>, wait: c_int) -> Result<Vec<i32>, String> {
    let mut told = ptr::null();
    // SAFETY: the client outlives the call; what it tells is read before it is given back, and only if there is any.
    unsafe {
        let code = c::rd_kafka_metadata(client.native_ptr(), 0, ptr::null_mut(), &mut told, wait);
        if code != c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR {
            return Err(CStr::from_ptr(c::rd_kafka_err2str(code)).to_string_lossy().into_owned());
        }
        let count = usize::try_from((*told).broker_cnt).unwrap_or_default();
        let all = if count == 0 { &[] } else { slice::from_raw_parts((*told).brokers, count) };
        let some = all.iter().take(ASKED).map(|broker| broker.id).collect();
        c::rd_kafka_metadata_destroy(told);
        Ok(some)
    }
}

fn millis(wait: Duration) -> c_int {
    c_int::try_from(wait.as_millis()).unwrap_or(c_int::MAX)
}

fn id_in(event: &Owned<c::rd_kafka_event_t>, wanted: &CStr) -> String {
    // SAFETY: everything read here belongs to the event, which outlives the borrow; what may be null is asked first.
    unsafe {
        let result = c::rd_kafka_event_DescribeTopics_result(event.0);
        if result.is_null() {
            return String::new();
        }
        let mut count = 0;
        let topics = c::rd_kafka_DescribeTopics_result_topics(result, &mut count);
        if topics.is_null() {
            return String::new();
        }
        for topic in slice::from_raw_parts(topics, count) {
            if CStr::from_ptr(c::rd_kafka_TopicDescription_name(*topic)) != wanted {
                continue;
            }
            let id = c::rd_kafka_TopicDescription_topic_id(*topic);
            let text = if id.is_null() { ptr::null() } else { c::rd_kafka_Uuid_base64str(id) };
            if !text.is_null() {
                let text = CStr::from_ptr(text).to_string_lossy();
                return if text.as_ref() == NO_ID { String::new() } else { text.into_owned() };
            }
        }
        String::new()
    }
}

/// Something of the library's that has to be given back.
#[derive(Debug)]
struct Owned<T>(*mut T, unsafe extern "C" fn(*mut T));

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        if !self.0.is_null() {
            // SAFETY: the pointer came from the library together with the way to give it back, and is given back once.
            unsafe { (self.1)(self.0) };
        }
    }
}
