//! A Kafka client that is not ours: it writes CloudEvents to the intake topic as any other system would.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::Value;

use crate::stage::Stage;

/// A producer of one topic.
pub(crate) struct Foreign {
    producer: FutureProducer,
    topic: String,
}

impl Foreign {
    /// A producer of the intake topic.
    pub(crate) fn new(stage: &Stage) -> Self {
        Self::to(stage, &stage.intake())
    }

    /// A producer of any topic.
    pub(crate) fn to(stage: &Stage, topic: &str) -> Self {
        let producer = ClientConfig::new().set("bootstrap.servers", stage.bootstrap()).create().unwrap();
        Self { producer, topic: topic.to_owned() }
    }

    /// Structured mode: the whole event is the value.
    pub(crate) async fn structured(&self, event: &Value) {
        self.send(&[("content-type", "application/cloudevents+json")], event.to_string().as_bytes()).await;
    }

    /// Binary mode: attributes as headers, the data as the value.
    pub(crate) async fn binary(&self, event: &Value) {
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        let attributes = ["specversion", "type", "source", "id", "time"].map(|name| (format!("ce_{name}"), text(name)));
        let mut headers: Vec<(&str, &str)> =
            attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.push(("content-type", "application/json"));
        self.send(&headers, event["data"].to_string().as_bytes()).await;
    }

    /// Any bytes.
    pub(crate) async fn send(&self, headers: &[(&str, &str)], body: &[u8]) {
        let mut all = OwnedHeaders::new();
        for (key, value) in headers {
            all = all.insert(Header { key, value: Some(*value) });
        }
        let record = FutureRecord::<str, [u8]>::to(&self.topic).payload(body).headers(all);
        self.producer.send(record, Duration::from_secs(30)).await.unwrap();
    }
}
