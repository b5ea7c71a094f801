//! How much may come from outside at once; every bound says what it keeps safe.

/// Bytes of one record: four times the largest that a camera gateway sends, and well below what the log takes.
pub const MAX_RECORD_BYTES: usize = 256 * 1024;

/// Bytes of one batch or of one body of lines: what one request may hold in memory.
pub const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;

/// Items of one batch: 8 MiB of the smallest events there are (256 bytes), so that `[0,0,0,…]` cannot make millions of
/// refusals.
pub const MAX_BATCH_ITEMS: usize = 32_768;

/// How deep arrays and objects may lie in one another; nothing of ours needs more than six.
pub const MAX_DEPTH: usize = 32;

/// Values of one observation.
pub const MAX_VALUES: usize = 64;

/// Bytes of the name of a value.
pub const MAX_NAME_BYTES: usize = 128;

/// Bytes of a text among the values of an observation.
pub const MAX_VALUE_BYTES: usize = 1_024;

/// Bytes of what a reporter wrote: about 1,300 Chinese characters.
pub const MAX_TEXT_BYTES: usize = 4_096;

/// Bytes of an address in words.
pub const MAX_ADDRESS_BYTES: usize = 512;

/// Bytes of each of a reporter's name, telephone number and role.
pub const MAX_PERSON_BYTES: usize = 256;

/// Bytes of the address of a picture.
pub const MAX_URL_BYTES: usize = 2_048;

/// Bytes of a media type.
pub const MAX_MEDIA_TYPE_BYTES: usize = 128;

/// Pictures of one observation or report.
pub const MAX_ATTACHMENTS: usize = 32;

/// Bytes of the detail of a problem over HTTP, which may repeat a part of what was sent.
pub const MAX_DETAIL_BYTES: usize = 1_000;

/// Bytes of the reason and of the pointer in a refusal: they end in logs, headers and lists.
pub const MAX_REASON_BYTES: usize = 300;
