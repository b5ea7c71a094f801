//! Links: which case answers an episode or a report.

use crate::error::StoreError;
use crate::statement::{Args, Session, Statement, args, sql};
use crate::store::Store;
use crate::tx::Tx;

async fn case_of(session: &mut Session<'_>, find: Statement, key: Args) -> Result<Option<String>, StoreError> {
    session.row(find, key).await?.map(|row| row.get("case_id")).transpose()
}

impl Tx {
    /// Links an episode to its case; linking it again to the same case is harmless.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is another case's.
    pub async fn link_episode(&mut self, episode: &str, case: &str) -> Result<(), StoreError> {
        if self.session().run(sql!("link/episode"), args![episode, case]).await? == 1 {
            return Ok(());
        }
        let linked = self.case_of_episode(episode).await?;
        self.same(linked, case, "link/episode")
    }

    /// Links a report to its case; linking it again to the same case is harmless.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it is another case's.
    pub async fn link_report(&mut self, source: &str, id: &str, case: &str) -> Result<(), StoreError> {
        if self.session().run(sql!("link/report"), args![source, id, case]).await? == 1 {
            return Ok(());
        }
        let linked = self.case_of_report(source, id).await?;
        self.same(linked, case, "link/report")
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

    /// The case of an episode.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_of_episode(&mut self, episode: &str) -> Result<Option<String>, StoreError> {
        case_of(&mut self.session(), sql!("link/of_episode"), args![episode]).await
    }

    /// The case of a report.
    ///
    /// # Errors
    /// [`StoreError`] if the database fails.
    pub async fn case_of_report(&mut self, source: &str, id: &str) -> Result<Option<String>, StoreError> {
        case_of(&mut self.session(), sql!("link/of_report"), args![source, id]).await
    }

    fn same(&mut self, linked: Option<String>, case: &str, operation: &'static str) -> Result<(), StoreError> {
        match linked.as_deref() {
            Some(linked) if linked == case => Ok(()),
            _ => Err(self.session().given_up(StoreError::Conflict { operation })),
        }
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
