//! Records that another client wrote in ways that Muster never would.
#![expect(unsafe_code, reason = "the Rust client cannot write a header name that is not UTF-8: the C library can")]

use std::ffi::CString;
use std::ptr;

use muster_log::{LogSettings, Topic};
use rdkafka::ClientConfig;
use rdkafka::bindings as c;
use rdkafka::producer::{BaseProducer, Producer as _};

use crate::bed::{Bed, LONG, append, read, texts};

/// Writes a record with neither key nor payload and one header without a value whose name is no UTF-8.
fn write(settings: &LogSettings, topic: &str) {
    let servers = settings.url.strip_prefix("kafka://").unwrap();
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", servers).create().unwrap();
    let topic = CString::new(topic).unwrap();
    let name = [0xff, 0xfe, b'x'];
    // SAFETY: topic and name outlive the calls; the headers pass to the library with the record.
    unsafe {
        let headers = c::rd_kafka_headers_new(1);
        c::rd_kafka_header_add(headers, name.as_ptr().cast(), 3, ptr::null(), 0);
        let code = c::rd_kafka_producev(
            producer.client().native_ptr(),
            c::rd_kafka_vtype_t::RD_KAFKA_VTYPE_TOPIC,
            topic.as_ptr(),
            c::rd_kafka_vtype_t::RD_KAFKA_VTYPE_PARTITION,
            0,
            c::rd_kafka_vtype_t::RD_KAFKA_VTYPE_HEADERS,
            headers,
            c::rd_kafka_vtype_t::RD_KAFKA_VTYPE_END,
        );
        assert_eq!(code, c::rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    producer.flush(LONG).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_name_that_is_not_utf_8_is_read_all_the_same() {
    for bed in Bed::real().into_iter().chain([Bed::mock()]) {
        let log = bed.open().await;
        write(&bed.settings(), &Topic::Observation.name(&bed.settings().topic_prefix));
        append(&log, 0, &["after"]).await;
        let mut reader = log.reader(&Topic::Observation, 0, 0).await.unwrap();
        let records = read(&mut reader, 2).await;
        let strange = &records[0].record;
        assert_eq!((strange.key.as_ref(), strange.payload.len(), strange.headers.len()), (None, 0, 1));
        assert_eq!(
            strange.headers.iter().map(|(name, value)| (name, value.len())).next().unwrap(),
            ("\u{fffd}\u{fffd}x", 0)
        );
        assert_eq!(texts(&records), ["", "after"]);
        drop(reader);
        log.close().await;
    }
}
