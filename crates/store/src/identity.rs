//! Which log the store's offsets belong to.

use crate::error::StoreError;
use crate::migrate;
use crate::statement::{FromRow, Row, args, sql};
use crate::store::Store;

/// What is pinned about the log: offsets are never used on another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// `embedded` or `kafka`.
    pub profile: String,
    /// Kafka's cluster id.
    pub cluster: String,
    /// Each topic's name and id, such as `muster.case.v1=x7Yq`.
    pub topics: Vec<String>,
    /// The generation of the observation topic: part of every episode's id.
    pub generation: String,
    /// Number of partitions of the observation topic.
    pub partitions: u32,
}

impl FromRow for Identity {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            profile: row.get("profile")?,
            cluster: row.get("cluster")?,
            topics: row.get::<String>("topics")?.lines().map(str::to_owned).collect(),
            generation: row.get("generation")?,
            partitions: row.small("partitions")?,
        })
    }
}

impl Identity {
    /// What is not the same, said to people.
    fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = [
            ("profile", self.profile.clone(), other.profile.clone()),
            ("cluster", self.cluster.clone(), other.cluster.clone()),
            ("topics", self.topics.join(" "), other.topics.join(" ")),
            ("generation", self.generation.clone(), other.generation.clone()),
            ("partitions", self.partitions.to_string(), other.partitions.to_string()),
        ];
        let differs = pairs.into_iter().filter(|(_, pinned, found)| pinned != found);
        differs.map(|(what, pinned, found)| format!("{what} was `{pinned}` and is `{found}`")).collect()
    }
}

impl Store {
    /// Pins the log's identity at the first call and makes its partitions' rows; later it must be the same.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if the store belongs to another log, with what differs and what to do.
    pub async fn pin_identity(&self, found: &Identity) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        let Identity { profile, cluster, topics, generation, partitions } = found;
        let values = args![profile, cluster, &topics.join("\n"), generation, *partitions];
        session.run(sql!("identity/insert"), values).await?;
        let pinned: Option<Identity> = session.one(sql!("identity/get"), args![]).await?;
        let pinned = pinned.ok_or_else(|| StoreError::corrupt("identity/get", "the pinned identity is not there"))?;
        let differences = pinned.differences(found);
        if !differences.is_empty() {
            tx.rollback().await;
            return Err(StoreError::Refused(format!(
                "this store belongs to another log ({}): its offsets mean nothing there. Point log.url and \
                 log.topic_prefix at the log it belongs to, or store.url at an empty store and run `muster migrate`",
                differences.join("; ")
            )));
        }
        for partition in 0..*partitions {
            session.run(sql!("partition/create"), args![partition]).await?;
        }
        tx.commit().await
    }

    /// The pinned identity, if there is one yet. A database without tables has none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn identity(&self) -> Result<Option<Identity>, StoreError> {
        let mut reading = self.read().await?;
        let mut session = reading.session();
        if migrate::had(&mut session).await?.is_empty() {
            return Ok(None);
        }
        session.one(sql!("identity/get"), args![]).await
    }
}
