//! Field links: one signed link a seat, bound at its first POST to a device and a named person, dead with the seat.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use muster_domain::case::{Case, Seat, SeatState};
use muster_domain::id::SeatId;
use muster_store::Store;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::Desk;
use crate::PipelineError;

/// What field links are signed with; drawn once and kept in the store's vault.
#[derive(Clone)]
pub struct LinkSecret([u8; 32]);

impl std::fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LinkSecret(not shown)")
    }
}

/// Who holds a link.
#[derive(Debug, Clone, PartialEq)]
pub struct Holder {
    /// The case.
    pub case: Case,
    /// The seat.
    pub seat: Seat,
    /// The person who bound it, if anybody did.
    pub person: Option<String>,
    /// Whether the device that asks is the one it is bound to.
    pub bound_here: bool,
}

/// Why a link is no use.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Not signed by us, or for a seat that is not there.
    #[error("the link is not valid")]
    Unknown,
    /// Another device has it.
    #[error("the link belongs to another device")]
    Elsewhere,
    /// The seat was given back or let lapse, or its case is over and nobody had taken the link up.
    #[error("the seat of this link is over")]
    Dead,
    /// The store cannot say.
    #[error("the link cannot be looked up")]
    Failed(#[from] PipelineError),
}

impl LinkSecret {
    const NAME: &'static str = "field-link-secret";

    /// The store's secret; drawn at the first start.
    ///
    /// # Errors
    /// [`PipelineError`] if the store cannot keep it.
    pub async fn of(store: &Store, now: i64) -> Result<Self, PipelineError> {
        if store.vault_get(Self::NAME).await?.is_none() {
            let drawn: [u8; 32] = rand::random();
            store.vault_put(Self::NAME, &BASE64_URL_SAFE_NO_PAD.encode(drawn), now).await?;
        }
        // Two processes may have drawn at once: the one that was first counts for both.
        let kept = store.vault_get(Self::NAME).await?;
        let bytes = kept.and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        bytes.map(Self).ok_or(PipelineError::Broken("the vault holds no secret for field links"))
    }

    /// The token of a seat's link: the seat and its signature.
    #[must_use]
    pub fn token(&self, seat: &SeatId) -> Option<String> {
        let bare = seat.as_str().strip_prefix("seat_")?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(seat.as_str().as_bytes());
        Some(format!("{bare}.{}", BASE64_URL_SAFE_NO_PAD.encode(&mac.finalize().into_bytes()[..18])))
    }

    /// The seat that a token is for, if we signed it. The comparison takes the same time for every wrong signature.
    #[must_use]
    pub fn seat(&self, token: &str) -> Option<SeatId> {
        let (bare, signature) = token.split_once('.')?;
        let seat = SeatId::parse(&format!("seat_{bare}")).ok()?;
        let given = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).ok()?;
        mac.update(seat.as_str().as_bytes());
        mac.verify_truncated_left(&given).ok().filter(|()| given.len() == 18)?;
        Some(seat)
    }
}

impl From<[u8; 32]> for LinkSecret {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl Desk {
    /// The token of a seat's link.
    #[must_use]
    pub fn link(&self, seat: &SeatId) -> Option<String> {
        self.secret.token(seat)
    }

    /// Whoever a link is for. Only reads.
    ///
    /// # Errors
    /// [`LinkError`] if the link is no use.
    pub async fn holder(&self, token: &str, device: Option<&str>) -> Result<Holder, LinkError> {
        let id = self.secret.seat(token).ok_or(LinkError::Unknown)?;
        let case = self.case_of_seat(&id).await?.ok_or(LinkError::Unknown)?;
        let seat = case.seat(&id).cloned().ok_or(LinkError::Unknown)?;
        let row = self.store.token(&hash(token)).await.map_err(PipelineError::from)?;
        let bound_to = row.as_ref().and_then(|row| row.device.as_deref());
        let same = |bound_to: &str, device: &str| bool::from(bound_to.as_bytes().ct_eq(hash(device).as_bytes()));
        let bound_here = bound_to.zip(device).is_some_and(|(bound_to, device)| same(bound_to, device));
        if bound_to.is_some() && !bound_here {
            return Err(LinkError::Elsewhere);
        }
        // Whoever was sent may still hand in what was seen after the case is over; nobody may begin then.
        let over = if case.state.is_live() { seat.state == SeatState::Returned } else { !bound_here };
        if over {
            return Err(LinkError::Dead);
        }
        Ok(Holder { person: row.and_then(|row| row.person), case, seat, bound_here })
    }

    /// Binds a link to a device and a named person: the first one that speaks has it.
    ///
    /// # Errors
    /// [`LinkError`] if the link is no use, or another device was first.
    pub async fn bind(&self, token: &str, device: &str, person: &str) -> Result<Holder, LinkError> {
        let holder = self.holder(token, Some(device)).await?;
        if !holder.bound_here {
            let now = self.clock.micros();
            let (hashed, seat, case) = (hash(token), holder.seat.id.as_str(), holder.case.id.as_str());
            self.store.token_put(&hashed, seat, case, now).await.map_err(PipelineError::from)?;
            self.store.token_bind(&hashed, &hash(device), person, now).await.map_err(PipelineError::from)?;
        }
        self.holder(token, Some(device)).await
    }
}

/// Only hashes of tokens and devices are kept.
fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
