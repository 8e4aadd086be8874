//! Fields that may be absent (stay), `null` (clear) or a value (set).

use serde::{Deserialize, Deserializer};

/// `Some(None)` for `null`. Absence is the field's default.
pub(super) fn set_or_cleared<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}
