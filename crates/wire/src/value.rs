//! Values of observations and properties of places: a number, a boolean or a text under a name.

use std::borrow::Cow;
use std::fmt;

use muster_domain::record::{Value, ValueName};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::bounds::{MAX_NAME_BYTES, MAX_VALUE_BYTES, MAX_VALUES};
use crate::error::{At, Code, WireError};
use crate::fault::Fault;
use crate::read;
use crate::text::Text;

/// One value as JSON has it. A number with a point or an exponent is a `Number`, even where it is whole.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'a> {
    Int(i64),
    Number(f64),
    Bool(bool),
    Text(Text<'a>),
}

impl<'a> From<&'a Value> for Scalar<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Int(n) => Self::Int(*n),
            Value::Number(n) => Self::Number(*n),
            Value::Bool(b) => Self::Bool(*b),
            Value::Text(t) => Self::Text(t.into()),
        }
    }
}

impl From<Scalar<'_>> for Value {
    fn from(scalar: Scalar<'_>) -> Self {
        match scalar {
            Scalar::Int(n) => Self::Int(n),
            Scalar::Number(n) => Self::Number(n),
            Scalar::Bool(b) => Self::Bool(b),
            Scalar::Text(t) => Self::Text(t.into()),
        }
    }
}

impl Serialize for Scalar<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(n) => serializer.serialize_i64(*n),
            Self::Number(n) => serializer.serialize_f64(*n),
            Self::Bool(b) => serializer.serialize_bool(*b),
            Self::Text(t) => serializer.serialize_str(t),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyScalar)
    }
}

struct AnyScalar;

impl<'de> Visitor<'de> for AnyScalar {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, a boolean or a string")
    }

    fn visit_i64<E>(self, n: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Int(n))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Scalar<'de>, E> {
        // Beyond 64 bits with sign a JSON number is what every other reader takes it for: a double.
        Ok(i64::try_from(n).map_or(Scalar::Number(n as f64), Scalar::Int))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(n))
    }

    fn visit_bool<E>(self, b: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(b))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Text(Cow::Borrowed(text))))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Text(Cow::Owned(text.to_owned()))))
    }
}

impl JsonSchema for Scalar<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Scalar".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["number", "boolean", "string"], "maxLength": MAX_VALUE_BYTES })
    }
}

/// Values under their names, in the order they stand there.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Values<'a>(pub(crate) Vec<(Text<'a>, Scalar<'a>)>);

impl<'a> Values<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of the domain.
    pub(crate) fn of<'v: 'a>(values: impl IntoIterator<Item = (&'v String, &'v Value)>) -> Self {
        Self(values.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The values of a domain list, as it stands.
    pub(crate) fn listed(values: &'a [(ValueName, Value)]) -> Self {
        Self(values.iter().map(|(name, value)| (name.as_str().into(), value.into())).collect())
    }

    /// Into the domain, in the order of the names, checked against the bounds.
    pub(crate) fn checked(self, at: At<'_>) -> Result<Vec<(ValueName, Value)>, WireError> {
        read::at_most(self.0.len(), at, MAX_VALUES)?;
        for (name, scalar) in &self.0 {
            if name.is_empty() || name.len() > MAX_NAME_BYTES {
                let reason = Fault::BadName.with(&[("most", &MAX_NAME_BYTES)]);
                return Err(at.refuse(Code::InvalidValue, reason));
            }
            if let Scalar::Text(text) = scalar
                && text.len() > MAX_VALUE_BYTES
            {
                read::bounded(text, at.key(name), MAX_VALUE_BYTES)?;
            }
        }
        let mut values: Vec<(ValueName, Value)> =
            self.0.into_iter().map(|(name, scalar)| (name.into(), scalar.into())).collect();
        if !values.is_sorted_by(|one, next| one.0 < next.0) {
            values.sort_by(|one, other| one.0.cmp(&other.0));
            if let Some(pair) = values.windows(2).find(|pair| pair[0].0 == pair[1].0) {
                return Err(at.key(&pair[0].0).refuse(Code::DuplicateKey, Fault::Twice));
            }
        }
        Ok(values)
    }
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Values<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Values<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Values<'de>, A::Error> {
                let mut entries = Vec::with_capacity(4);
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Values(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

impl JsonSchema for Values<'_> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Values".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "maxProperties": MAX_VALUES,
            "propertyNames": { "minLength": 1, "maxLength": MAX_NAME_BYTES },
            "additionalProperties": generator.subschema_for::<Scalar<'_>>(),
        })
    }
}
