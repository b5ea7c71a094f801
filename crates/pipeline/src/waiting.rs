//! Seats that wait for a unit, all of them: what metrics and the doctor count.

use muster_domain::case::{Seat, SeatState};
use muster_store::{Store, StoreError};

use crate::docs;

/// Cases read at once.
const BATCH: u32 = 500;

/// Shows every seat that waits for a unit; a case that cannot be read has none to show.
pub(crate) async fn each(store: &Store, mut see: impl FnMut(&Seat)) -> Result<(), StoreError> {
    let mut cursor = None::<String>;
    loop {
        let page = store.cases_wanting_seats(BATCH, cursor.as_deref()).await?;
        for case in page.items.iter().filter_map(|row| docs::case(&row.doc).ok()) {
            case.live_seats().filter(|seat| seat.state == SeatState::Wanted).for_each(&mut see);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(()),
        }
    }
}
