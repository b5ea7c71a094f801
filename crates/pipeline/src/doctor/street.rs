//! Judging what is seen in the street, and cases with people.

use super::codes::Code;
use super::facts::Work;
use super::finding::Finding;

pub(super) fn judge(work: &Work) -> Vec<Finding> {
    let rows = [
        (Code::AdapterSilent, &work.silent_adapters),
        (Code::PlacesBlind, &work.blind_places),
        (Code::DevicesBlind, &work.blind_devices),
        (Code::SeatsUnfilled, &work.unfilled),
        (Code::ClocksOverdue, &work.overdue),
    ];
    rows.into_iter().filter_map(|(code, about)| Finding::about(code, about.iter().cloned())).collect()
}
