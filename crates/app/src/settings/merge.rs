//! Laying one source of settings over another, with the place of every mistake.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

/// What is wrong with the settings, and where.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    /// A file that cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A mistake at a place in a file.
    #[error("{}:{line}:{column}: {what}", path.display())]
    At { path: PathBuf, line: usize, column: usize, what: String },
    /// A mistake in a variable or flag.
    #[error("{name}: {what}")]
    Named { name: String, what: String },
    /// Settings that there are not.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unknown(Vec<SettingsError>),
    /// A log and a store that do not go together.
    #[error(transparent)]
    NoPair(Box<SettingsError>),
}

impl SettingsError {
    pub(super) fn named(name: impl Into<String>, what: impl Into<String>) -> Self {
        Self::Named { name: name.into(), what: what.into() }
    }
}

/// Tables whose keys are not ours to know.
const OPEN: &[&str] = &["log.kafka"];

pub(super) fn default_table() -> Result<Table, SettingsError> {
    super::DEFAULT
        .parse()
        .map_err(|error: toml::de::Error| SettingsError::named("built-in settings", error.to_string()))
}

pub(super) fn merge_file(
    table: &mut Table,
    path: &Path,
    text: &str,
    unknown: &mut Vec<SettingsError>,
) -> Result<(), SettingsError> {
    let at = |offset: usize, what: String| {
        let before = &text[..offset.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        SettingsError::At { path: path.to_owned(), line, column, what }
    };
    let parsed = DeTable::parse(text)
        .map_err(|error| at(error.span().map_or(0, |span| span.start), error.message().to_owned()))?;
    merge_table(table, parsed.get_ref(), "", &at, unknown)
}

fn merge_table(
    into: &mut Table,
    from: &DeTable<'_>,
    prefix: &str,
    at: &dyn Fn(usize, String) -> SettingsError,
    unknown: &mut Vec<SettingsError>,
) -> Result<(), SettingsError> {
    for (key, value) in from {
        let path = if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        let open = OPEN.contains(&prefix);
        let known = into.get_mut(key.get_ref().as_ref());
        match (known, value.get_ref()) {
            (None, _) if !open => {
                unknown.push(at(key.span().start, format!("there is no setting {path}; see --print-config for all")));
            }
            (Some(Value::Table(inner)), DeValue::Table(given)) => merge_table(inner, given, &path, at, unknown)?,
            (known, given) => {
                let value = plain(given).ok_or_else(|| at(value.span().start, format!("{path} cannot be that")))?;
                if known.as_ref().is_some_and(|known| known.type_str() != value.type_str()) || (open && !value.is_str())
                {
                    let wanted = known.as_ref().map_or("string", |known| known.type_str());
                    return Err(at(key.span().start, format!("{path} must be a {wanted}, not a {}", value.type_str())));
                }
                into.insert(key.get_ref().to_string(), value);
            }
        }
    }
    Ok(())
}

fn plain(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?),
        DeValue::Float(number) => Value::Float(number.as_str().parse().ok()?),
        DeValue::Boolean(yes) => Value::Boolean(*yes),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| plain(item.get_ref())).collect::<Option<Vec<_>>>()?)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => return None,
    })
}

pub(super) fn merge_environment(
    table: &mut Table,
    environment: &super::Environment,
    unknown: &mut Vec<SettingsError>,
) -> Result<(), SettingsError> {
    for (name, value) in environment {
        let Some(rest) = name.strip_prefix("MUSTER_") else { continue };
        // Variables for the test command and for the token of a command live beside ours.
        if rest.starts_with("TEST_") || name == super::TOKEN_FILE {
            continue;
        }
        let path = rest.to_ascii_lowercase().replace("__", ".");
        let merged = match path.strip_suffix("_file") {
            Some(path) if lookup(table, &format!("{path}_file")).is_none() => {
                let text = std::fs::read_to_string(value)
                    .map_err(|source| SettingsError::Unreadable { path: value.into(), source })?;
                set(table, path, text.trim_end_matches(['\r', '\n']), name)
            }
            _ => set(table, &path, value, name),
        };
        match merged {
            Err(SettingsError::Unknown(found)) => unknown.extend(found),
            merged => merged?,
        }
    }
    Ok(())
}

fn lookup<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let mut value = table.get(parts.next()?)?;
    for part in parts {
        value = value.as_table()?.get(part)?;
    }
    Some(value)
}

/// Sets one value from text, which takes the type that the default has.
pub(super) fn set(table: &mut Table, path: &str, text: &str, name: &str) -> Result<(), SettingsError> {
    for open in OPEN {
        if let Some(key) = path.strip_prefix(&format!("{open}.")) {
            let Some(Value::Table(inner)) = lookup_mut(table, open) else { break };
            inner.insert(key.replace('_', "."), Value::String(text.to_owned()));
            return Ok(());
        }
    }
    let Some(value) = lookup_mut(table, path) else {
        let unknown = SettingsError::named(name, format!("there is no setting {path}; see --print-config for all"));
        return Err(SettingsError::Unknown(vec![unknown]));
    };
    let wrong = |wanted: &str| SettingsError::named(name, format!("{path} must be {wanted}"));
    *value = match value {
        Value::String(_) => Value::String(text.to_owned()),
        Value::Integer(_) => Value::Integer(text.trim().parse().map_err(|_| wrong("a whole number"))?),
        Value::Boolean(_) => Value::Boolean(text.trim().parse().map_err(|_| wrong("true or false"))?),
        Value::Array(_) => Value::Array(
            text.split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty())
                .map(|item| Value::String(item.into()))
                .collect(),
        ),
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => return Err(wrong("a single value")),
    };
    Ok(())
}

fn lookup_mut<'a>(table: &'a mut Table, path: &str) -> Option<&'a mut Value> {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut table = table;
    for part in parents.split('.').filter(|part| !part.is_empty()) {
        table = table.get_mut(part)?.as_table_mut()?;
    }
    table.get_mut(last)
}
