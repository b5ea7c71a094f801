//! Evidence 佐证: pictures kept under the hash of their content; what they truly are decides, not what they say.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use muster_domain::case::Case;
use muster_domain::id::EvidenceId;
use muster_store::{MediaRow, ViewingRow};
use sha2::{Digest, Sha256};

use super::Desk;
use crate::PipelineError;

/// The most bytes of one picture.
pub const MAX_EVIDENCE_BYTES: usize = 20 << 20;

/// A picture and what it truly is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Its id: the hash of its content.
    pub id: EvidenceId,
    /// What it truly is.
    pub media_type: String,
    /// Its content.
    pub bytes: Bytes,
}

/// Why a picture is not taken or not given.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// Nothing, or more than [`MAX_EVIDENCE_BYTES`].
    #[error("a picture has 1 to {MAX_EVIDENCE_BYTES} bytes, this has {0}")]
    Size(usize),
    /// Neither JPEG, PNG nor WebP.
    #[error("this is no JPEG, PNG or WebP picture")]
    NoPicture,
    /// There is none of that id.
    #[error("there is no such evidence")]
    Unknown,
    /// Looking needs a case or a stated reason.
    #[error("looking at evidence needs the case it belongs to, or a reason in words")]
    NoReason,
    /// The file cannot be written or read.
    #[error("the evidence cannot be kept or read on disk")]
    Disk(#[source] std::io::Error),
    /// The store cannot say.
    #[error("the store cannot be used")]
    Failed(#[from] PipelineError),
}

impl Desk {
    /// Keeps a picture. The same content twice is the same evidence.
    ///
    /// # Errors
    /// [`EvidenceError`] if it is none, too large, or cannot be kept.
    pub async fn keep_evidence(&self, bytes: Bytes, by: &str) -> Result<EvidenceId, EvidenceError> {
        if bytes.is_empty() || bytes.len() > MAX_EVIDENCE_BYTES {
            return Err(EvidenceError::Size(bytes.len()));
        }
        let media_type = kind_of(&bytes).ok_or(EvidenceError::NoPicture)?;
        let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let id = EvidenceId::of_hash(&digest)
            .ok_or(EvidenceError::Failed(PipelineError::Broken("a content hash is no id")))?;
        let path = self.path_of(&digest);
        write(&path, &bytes).await.map_err(EvidenceError::Disk)?;
        let row = MediaRow {
            id: digest,
            media_type: media_type.to_owned(),
            bytes: bytes.len() as u64,
            path: path.display().to_string(),
            uploaded_by: by.to_owned(),
            at: self.clock.micros(),
        };
        // There already = the same picture was handed in before.
        let _ = self.store.media_put(&row).await.map_err(PipelineError::from)?;
        Ok(id)
    }

    /// Whether a picture was handed in.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot say.
    pub async fn has_evidence(&self, id: &EvidenceId) -> Result<bool, PipelineError> {
        Ok(self.store.media(id.as_str()).await?.is_some())
    }

    /// Gives a picture to somebody who says why, and writes that down first. A case is reason enough for its own pictures.
    ///
    /// # Errors
    /// [`EvidenceError`] if there is none, no reason is given, or it cannot be read.
    pub async fn view_evidence(
        &self,
        id: &EvidenceId,
        who: &str,
        case: Option<&Case>,
        reason: &str,
    ) -> Result<Evidence, EvidenceError> {
        let row = self.store.media(id.as_str()).await.map_err(PipelineError::from)?.ok_or(EvidenceError::Unknown)?;
        if reason.trim().is_empty() && !case.is_some_and(|case| case.photos.contains(id)) {
            return Err(EvidenceError::NoReason);
        }
        let viewing = ViewingRow {
            evidence: id.to_string(),
            who: who.to_owned(),
            case: case.map(|case| case.id.to_string()),
            reason: reason.to_owned(),
            at: self.clock.micros(),
        };
        self.store.view(&viewing).await.map_err(PipelineError::from)?;
        let bytes = tokio::fs::read(self.path_of(id.as_str())).await.map_err(EvidenceError::Disk)?;
        Ok(Evidence { id: id.clone(), media_type: row.media_type, bytes: bytes.into() })
    }

    fn path_of(&self, digest: &str) -> PathBuf {
        evidence_file(&self.media, digest)
    }
}

/// Where a piece of evidence lies below the evidence folder.
pub(crate) fn evidence_file(media: &Path, digest: &str) -> PathBuf {
    media.join(digest.get(..2).unwrap_or("xx")).join(digest)
}

/// Whole or not at all: written beside, synced, then moved into place.
async fn write(path: &Path, bytes: &Bytes) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt as _;
    if let Some(folder) = path.parent() {
        tokio::fs::create_dir_all(folder).await?;
    }
    let beside = path.with_extension("new");
    let mut file = tokio::fs::File::create(&beside).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    tokio::fs::rename(&beside, path).await
}

/// What a picture truly is, by its first bytes.
fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_says_does_not_matter() {
        assert_eq!(kind_of(b"\xff\xd8\xff\xe0JFIF"), Some("image/jpeg"));
        assert_eq!(kind_of(b"\x89PNG\r\n\x1a\n...."), Some("image/png"));
        for other in [&b"<svg onload=alert(1)>"[..], b"GIF89a", b"%PDF", b"\xff\xd8", b"", b"MZ"] {
            assert_eq!(kind_of(other), None);
        }
    }
}
