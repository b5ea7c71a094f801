//! SQL, and nothing but SQL: SQLite and PostgreSQL behind one set of statements.
//!
//! The store moves documents and the columns they are found by; it never reads a document and never decides. Reads and
//! leases are methods of [`Store`], everything that belongs to one transaction is a method of [`Tx`]. What must not
//! happen twice is held by the schema in `migrations/`.

mod many;
mod statement;

mod connect;
mod error;
mod migrate;
mod page;
mod store;
mod tx;

mod case;
mod case_list;
mod checkpoint;
mod condition;
mod config;
mod copy;
mod dead_letter;
mod destination;
mod idempotency;
mod identity;
mod inspect;
mod journal;
mod lease;
mod link;
mod media;
mod member;
mod outbox;
mod pages;
mod partition;
mod report;
mod scratch;
mod seat;
mod source_offset;
mod token;
mod vault;

pub use case::{CaseRow, Inserted};
pub use case_list::{CaseCursor, CaseFilter, CasesInState};
pub use checkpoint::CheckpointRow;
pub use condition::{ConditionBlind, ConditionCount, ConditionFilter, ConditionMoved, ConditionRow};
pub use config::ConfigRow;
pub use connect::StoreProfile;
pub use copy::{Copied, TableFile, check_empty, copy_postgres, copy_sqlite, restore_postgres, sqlite_file};
pub use dead_letter::{DeadLetter, DeadLetterCount, DeadLetterFilter, DeadLetterRow, DeadLetterState, NewDeadLetter};
pub use destination::DestinationRow;
pub use error::StoreError;
pub use idempotency::IdempotencyAnswer;
pub use identity::Identity;
pub use inspect::{CheckpointAt, Skipped, risky};
pub use journal::CaseEventRow;
pub use lease::{Lease, LeaseRow};
pub use link::{EpisodeOf, ReportOf};
pub use media::{MediaRow, ViewingRow};
pub use migrate::KNOWN_SCHEMA;
pub use outbox::{FEED, Numbered, OutboxEnds, OutboxPending, OutboxRow, Published};
pub use page::Page;
pub use pages::damage;
pub use partition::{PartitionOwned, PartitionRow};
pub use report::{ReportClaim, ReportRow};
pub use scratch::Scratch;
pub use seat::{SeatCount, SeatRow, UnitLoad};
pub use store::{Store, StoreSettings};
pub use token::SeatTokenRow;
pub use tx::Tx;
