//! Links: which case answers an episode or a report.

use crate::error::StoreError;
use crate::statement::{FromRow, Row, args, pair, sql};
use crate::store::Store;
use crate::tx::Tx;

/// An episode and the case that answers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct EpisodeOf {
    /// The episode.
    pub episode: String,
    /// Its case.
    pub case: String,
}

/// A report and the case that answers it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReportOf {
    /// Who reported.
    pub source: String,
    /// The report's id there.
    pub id: String,
    /// Its case.
    pub case: String,
}

impl FromRow for EpisodeOf {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { episode: row.get("episode")?, case: row.get("case_id")? })
    }
}

impl FromRow for ReportOf {
    fn from_row(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { source: row.get("source")?, id: row.get("id")?, case: row.get("case_id")? })
    }
}

impl Tx {
    /// Links episodes to their cases; linking one again to the same case is harmless.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one is another case's.
    pub async fn episodes_link(&mut self, links: &[EpisodeOf]) -> Result<(), StoreError> {
        let values = |link: &EpisodeOf| args![&link.episode, &link.case];
        if self.session().run_many(sql!("link/episode"), links, values).await? == links.len() as u64 {
            return Ok(());
        }
        let episodes: Vec<&str> = links.iter().map(|link| link.episode.as_str()).collect();
        let linked = self.cases_of_episodes(&episodes).await?;
        let same = links.iter().all(|link| linked.contains(link));
        if same { Ok(()) } else { Err(self.session().given_up(StoreError::Conflict { operation: "link/episode" })) }
    }

    /// Links reports to their cases; linking one again to the same case is harmless.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if one is another case's.
    pub async fn reports_link(&mut self, links: &[ReportOf]) -> Result<(), StoreError> {
        let values = |link: &ReportOf| args![&link.source, &link.id, &link.case];
        if self.session().run_many(sql!("link/report"), links, values).await? == links.len() as u64 {
            return Ok(());
        }
        let reports: Vec<_> = links.iter().map(|link| (link.source.clone(), link.id.clone())).collect();
        let linked = self.cases_of_reports(&reports).await?;
        let same = links.iter().all(|link| linked.contains(link));
        if same { Ok(()) } else { Err(self.session().given_up(StoreError::Conflict { operation: "link/report" })) }
    }

    /// Moves an episode to another case: merge and split. `false` if it was on none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn move_episode(&mut self, episode: &str, case: &str) -> Result<bool, StoreError> {
        Ok(self.session().run(sql!("link/move_episode"), args![episode, case]).await? == 1)
    }

    /// Moves a report to another case: merge and split. `false` if it was on none.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn move_report(&mut self, source: &str, id: &str, case: &str) -> Result<bool, StoreError> {
        Ok(self.session().run(sql!("link/move_report"), args![source, id, case]).await? == 1)
    }

    /// The cases of episodes, of those that have one, in no order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn cases_of_episodes(&mut self, episodes: &[&str]) -> Result<Vec<EpisodeOf>, StoreError> {
        self.session().all_of_many(pair!("link/of_episode"), episodes, |episode| args![*episode]).await
    }

    /// The cases of reports, by source and id, of those that have one, in no order.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn cases_of_reports(&mut self, reports: &[(String, String)]) -> Result<Vec<ReportOf>, StoreError> {
        self.session().all_of_many(pair!("link/of_report"), reports, |(source, id)| args![source, id]).await
    }
}

impl Store {
    /// How many episodes the cases of a kind carry, ended ones too.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn episodes_of_kind(&self, kind: &str) -> Result<u64, StoreError> {
        let row = self.read().await?.session().row(sql!("link/episodes_of_kind"), args![kind]).await?;
        row.map_or(Ok(0), |row| row.count("episodes"))
    }
}
