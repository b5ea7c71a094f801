//! The event log, embedded or Kafka: ordered bytes by partition, durable before they are acknowledged.
