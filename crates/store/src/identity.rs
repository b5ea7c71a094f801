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
    /// What is not the same, said to people. Topics of other systems are pinned beside our own and come and go.
    fn differences(&self, other: &Self) -> Vec<String> {
        let pairs = [
            ("profile", self.profile.clone(), other.profile.clone()),
            ("cluster", self.cluster.clone(), other.cluster.clone()),
            ("generation", self.generation.clone(), other.generation.clone()),
            ("partitions", self.partitions.to_string(), other.partitions.to_string()),
        ];
        let known = other.topics.iter().all(|topic| self.topics.contains(topic));
        let topics = ("topics", self.topics.join(" "), other.topics.join(" "));
        let differs = pairs.into_iter().filter(|(_, pinned, found)| pinned != found).chain((!known).then_some(topics));
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

    /// Pins topics of other systems beside the log's own, each as its name and id: what is new begins with nothing read of
    /// it, what was there before must be the same topic still.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if one was made anew since.
    pub async fn pin_foreign(&self, topics: &[String]) -> Result<(), StoreError> {
        let mut tx = self.begin().await?;
        let mut session = tx.session();
        let pinned: Option<Identity> = session.one(sql!("identity/get"), args![]).await?;
        let mut pinned = pinned.map(|identity| identity.topics).unwrap_or_default();
        let before = pinned.len();
        for topic in topics {
            let name = topic.split_once('=').map_or(topic.as_str(), |(name, _)| name);
            let known = pinned.iter().find(|known| known.split_once('=').is_some_and(|(known, _)| known == name));
            match known.cloned() {
                None => pinned.push(topic.clone()),
                Some(known) if known == *topic => {}
                Some(known) => {
                    tx.rollback().await;
                    return Err(StoreError::Refused(format!(
                        "the topic {name} was made anew (`{known}` then, `{topic}` now): what was read of it says nothing of \
                         this one. Take it out of intake.topics, or have it made under another name"
                    )));
                }
            }
        }
        if pinned.len() > before {
            session.run(sql!("identity/topics"), args![&pinned.join("\n")]).await?;
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
