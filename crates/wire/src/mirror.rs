//! One way to write an enumeration of the domain that has only names.

/// Declares the serde mirror of a domain enumeration of bare names, with the way there and back.
macro_rules! mirrored {
    ($($(#[$doc:meta])* $name:ident as $text:literal = $domain:ident { $($variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(rename = $text, rename_all = "snake_case")]
        pub(crate) enum $name { $($variant),+ }

        impl From<$domain> for $name {
            fn from(domain: $domain) -> Self {
                match domain { $($domain::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for $domain {
            fn from(mirror: $name) -> Self {
                match mirror { $($name::$variant => Self::$variant),+ }
            }
        }
    )+};
}

pub(crate) use mirrored;
