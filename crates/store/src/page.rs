//! Pages of long lists, each beginning after the last row of the one before.

use crate::error::StoreError;

/// One page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to ask the next page with; absent on the last.
    pub next: Option<String>,
}

/// The most rows of one page.
pub(crate) const MAX_PAGE: u32 = 1000;

/// How many rows to read for a page of `limit`: one more than are shown tells whether there is another page.
pub(crate) fn to_read(limit: u32) -> i64 {
    i64::from(limit.clamp(1, MAX_PAGE)) + 1
}

impl<T> Page<T> {
    /// A page of `limit` rows from the rows that were read for it.
    pub(crate) fn of(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit.clamp(1, MAX_PAGE) as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

pub(crate) fn bad_cursor() -> StoreError {
    StoreError::Cursor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_with_more_behind_it_has_a_next() {
        let cursor = |n: &i32| n.to_string();
        assert_eq!(Page::of(vec![1, 2, 3], 2, cursor), Page { items: vec![1, 2], next: Some("2".to_owned()) });
        assert_eq!(Page::of(vec![1, 2], 2, cursor), Page { items: vec![1, 2], next: None });
        assert_eq!(Page::of(vec![], 0, cursor), Page { items: vec![], next: None });
    }
}
