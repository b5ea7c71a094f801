//! A picture or file that an observation or report points to.

use muster_domain::record::Attachment;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bounds::{MAX_ATTACHMENTS, MAX_MEDIA_TYPE_BYTES, MAX_URL_BYTES};
use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::object::Object;
use crate::read;
use crate::text::Text;

/// A picture or file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename = "Attachment", bound(deserialize = "'de: 'a"))]
pub(crate) struct AttachmentV1<'a> {
    /// Where it is: http, https, or a path on this server such as one that an upload answered with.
    #[schemars(length(min = 1, max = MAX_URL_BYTES), regex(pattern = r"^(https?://|/(?!/))"))]
    pub(crate) url: Text<'a>,
    /// What it says it is, such as `image/jpeg`; what it truly is decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = MAX_MEDIA_TYPE_BYTES))]
    pub(crate) media_type: Option<Text<'a>>,
    /// SHA-256 of its content in hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = "^[0-9a-fA-F]{64}$"))]
    pub(crate) sha256: Option<Text<'a>>,
}

impl<'a> From<&'a Attachment> for AttachmentV1<'a> {
    fn from(attachment: &'a Attachment) -> Self {
        Self {
            url: (&attachment.url).into(),
            media_type: attachment.media_type.as_ref().map(Text::from),
            sha256: attachment.sha256.as_ref().map(Text::from),
        }
    }
}

impl AttachmentV1<'_> {
    fn checked(self, at: At<'_>) -> Result<Attachment, WireError> {
        let url = read::bounded(&self.url, at.key("url"), MAX_URL_BYTES)?;
        let is_web = url.starts_with("http://") || url.starts_with("https://");
        let is_ours = url.starts_with('/') && !url.starts_with("//");
        if !(is_web || is_ours) || url.contains(|c: char| c.is_control() || c.is_whitespace()) {
            let reason = Fault::NoAddress;
            return Err(at.key("url").refuse(Code::InvalidUrl, reason));
        }
        let media_type = self.media_type.map(|text| read::bounded(&text, at.key("media_type"), MAX_MEDIA_TYPE_BYTES));
        let sha256 = self.sha256.map(|text| {
            if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                Ok(text.to_ascii_lowercase())
            } else {
                Err(at.key("sha256").refuse(Code::InvalidValue, Fault::NoHash))
            }
        });
        Ok(Attachment { url, media_type: media_type.transpose()?, sha256: sha256.transpose()? })
    }
}

/// A list of attachments as it is written.
pub(crate) fn mirrors(list: &[Attachment]) -> Vec<Object<AttachmentV1<'_>>> {
    list.iter().map(|attachment| Object(attachment.into())).collect()
}

/// Checks a list of attachments.
pub(crate) fn checked(list: Vec<Object<AttachmentV1<'_>>>, at: At<'_>) -> Result<Vec<Attachment>, WireError> {
    if list.is_empty() {
        return Ok(Vec::new());
    }
    read::at_most(list.len(), at, MAX_ATTACHMENTS)?;
    list.into_iter().enumerate().map(|(n, Object(attachment))| attachment.checked(at.item(n))).collect()
}
