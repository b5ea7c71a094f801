//! One row at a time, as most cases want it: the store's own calls take many.

use muster_store::{CaseRow, ConditionBlind, ConditionMoved, EpisodeOf, Inserted, ReportOf, StoreError, Tx};

type Done<T> = Result<T, StoreError>;

pub(crate) trait Singly {
    fn tx(&mut self) -> &mut Tx;

    async fn insert_case(&mut self, row: &CaseRow) -> Done<Inserted> {
        let inserted = self.tx().cases_insert(std::slice::from_ref(row)).await?;
        Ok(if inserted { Inserted::Inserted } else { Inserted::Exists })
    }

    async fn update_case(&mut self, row: &CaseRow, expected: i64) -> Done<bool> {
        self.tx().cases_update(&[(row.clone(), expected)]).await
    }

    async fn case_by_id(&mut self, id: &str) -> Done<Option<CaseRow>> {
        Ok(self.tx().cases_by_id(&[id]).await?.pop())
    }

    async fn live_case(&mut self, kind: &str, subject: &str) -> Done<Option<CaseRow>> {
        Ok(self.tx().cases_live(&[(kind.to_owned(), subject.to_owned())]).await?.pop())
    }

    async fn last_closed_case(&mut self, kind: &str, subject: &str) -> Done<Option<CaseRow>> {
        Ok(self.tx().cases_last_ended(&[(kind.to_owned(), subject.to_owned())]).await?.pop())
    }

    async fn next_case_number(&mut self, jurisdiction: &str, day: &str) -> Done<u64> {
        let next = self.tx().case_number(jurisdiction, day).await? + 1;
        self.tx().case_numbers_dealt(&[(jurisdiction.to_owned(), day.to_owned(), next)]).await?;
        Ok(next)
    }

    async fn condition_move(&mut self, row: &ConditionMoved) -> Done<()> {
        self.tx().conditions_move(std::slice::from_ref(row)).await
    }

    async fn condition_blind(&mut self, row: &ConditionBlind) -> Done<()> {
        self.tx().conditions_blind(std::slice::from_ref(row)).await
    }

    async fn condition_withdraw(&mut self, id: &str) -> Done<()> {
        self.tx().conditions_withdraw(&[id.to_owned()]).await
    }

    async fn link_episode(&mut self, episode: &str, case: &str) -> Done<()> {
        self.tx().episodes_link(&[EpisodeOf { episode: episode.to_owned(), case: case.to_owned() }]).await
    }

    async fn link_report(&mut self, source: &str, id: &str, case: &str) -> Done<()> {
        let link = ReportOf { source: source.to_owned(), id: id.to_owned(), case: case.to_owned() };
        self.tx().reports_link(&[link]).await
    }

    async fn report_settled(&mut self, source: &str, id: &str, case: &str) -> Done<()> {
        let link = ReportOf { source: source.to_owned(), id: id.to_owned(), case: case.to_owned() };
        self.tx().reports_settled(&[link]).await
    }

    async fn case_of_episode(&mut self, episode: &str) -> Done<Option<String>> {
        Ok(self.tx().cases_of_episodes(&[episode]).await?.pop().map(|link| link.case))
    }

    async fn case_of_report(&mut self, source: &str, id: &str) -> Done<Option<String>> {
        let found = self.tx().cases_of_reports(&[(source.to_owned(), id.to_owned())]).await?.pop();
        Ok(found.map(|link| link.case))
    }
}

impl Singly for Tx {
    fn tx(&mut self) -> &mut Tx {
        self
    }
}
