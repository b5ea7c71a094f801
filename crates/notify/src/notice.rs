//! Notices to units. Until a messenger is connected they are written to the log of the process and seen on the desk.

use async_trait::async_trait;
use muster_pipeline::PipelineError;
use muster_pipeline::clock::Clock;
use muster_pipeline::outbox;
use muster_pipeline::publish::Destination;
use muster_store::Published;

/// Tells units that they are asked or released.
#[derive(Debug)]
pub struct NoticeDestination {
    /// The clock, to let late notices expire in silence.
    pub clock: Clock,
}

#[async_trait]
impl Destination for NoticeDestination {
    fn name(&self) -> &'static str {
        outbox::NOTICE
    }

    async fn deliver(&self, rows: &[Published]) -> (usize, Result<(), PipelineError>) {
        for row in rows {
            match outbox::read_notice(&row.body) {
                Ok(notice) if self.clock.filed() > notice.not_after => {
                    tracing::info!(notice = %notice.id, unit = %notice.unit, "the notice has expired");
                }
                Ok(notice) => {
                    let (unit, number, what) = (&notice.unit, &notice.number, notice.what);
                    tracing::info!(notice = %notice.id, %unit, number, ?what, simulated = true, "notice to the unit");
                }
                Err(error) => tracing::error!(number = row.publish_no, %error, "a notice is given up"),
            }
        }
        (rows.len(), Ok(()))
    }
}
