//! A text that people read, in both languages of the screens.

/// Chinese and English, both written, neither derived from the other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// 中文.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// Both texts at once.
    #[must_use]
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}
