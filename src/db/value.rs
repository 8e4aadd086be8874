//! The boundary of values: what goes into statements and what comes out of rows.
//!
//! Ids are stored as their sixteen bytes, words as text, times as integers. Product code sees
//! [`ToValue`] and [`Row`] and no type of rusqlite.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};

use crate::protocol::ids::{
    ApprovalId, AssistantId, BudgetId, ChannelId, CompactionId, DeliveryId, ExperimentId, FactId, InboxId,
    InjectionId, McpServerId, MemberId, MessageId, NotificationId, NotificationRuleId, OauthTokenId,
    ObligationId, PasskeyId, ProfileId, PushSubscriptionId, RuleId, ScheduleId, ScheduleRunId, SecretId,
    TenantId, ThreadId, TokenId, TurnId, WebSessionId, WebhookDeliveryId, WebhookId, WorkspaceId,
};

use super::error::DbError;

/// One value of a column or a parameter.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Value<'v> {
    /// No value.
    Null,
    /// A whole number; also a bool (0, 1) and a time.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text.
    Text(&'v str),
    /// Bytes.
    Blob(&'v [u8]),
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match *self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(number),
            Self::Real(number) => ValueRef::Real(number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// What can be bound to a parameter.
pub trait ToValue {
    /// The value as it is stored.
    fn to_value(&self) -> Value<'_>;
}

/// What can be read from a column.
pub trait FromValue: Sized {
    /// What it is called in an error.
    const EXPECTED: &'static str;

    /// The value, or `None` when the column holds another type or is out of range.
    fn from_value(value: Value<'_>) -> Option<Self>;
}

/// One row of an answer.
pub struct Row<'r>(&'r rusqlite::Row<'r>);

// === impl Row ===

impl<'r> Row<'r> {
    pub(super) const fn new(row: &'r rusqlite::Row<'r>) -> Self {
        Self(row)
    }

    /// The value of a column, counted from 0.
    ///
    /// # Errors
    /// [`DbError::Type`] when the column does not hold a `T`, or does not exist.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, DbError> {
        let wrong = || DbError::Type { column, expected: T::EXPECTED };
        let value = match self.0.get_ref(column)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(number) => Value::Real(number),
            ValueRef::Text(bytes) => Value::Text(std::str::from_utf8(bytes).map_err(|_| wrong())?),
            ValueRef::Blob(bytes) => Value::Blob(bytes),
        };
        T::from_value(value).ok_or_else(wrong)
    }
}

// === impl ToValue ===

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

macro_rules! to_value {
    ($($type:ty: $name:ident => $value:expr;)+) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                let $name = self;
                $value
            }
        }
    )+};
}

to_value! {
    i64: number => Value::Integer(*number);
    i32: number => Value::Integer(i64::from(*number));
    u32: number => Value::Integer(i64::from(*number));
    u16: number => Value::Integer(i64::from(*number));
    // No number of ours comes near 2^63; one that did is kept as the largest that fits.
    u64: number => Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX));
    usize: number => Value::Integer(i64::try_from(*number).unwrap_or(i64::MAX));
    bool: flag => Value::Integer(i64::from(*flag));
    f64: number => Value::Real(*number);
    str: text => Value::Text(text);
    String: text => Value::Text(text);
    Arc<str>: text => Value::Text(text);
    [u8]: bytes => Value::Blob(bytes);
    Vec<u8>: bytes => Value::Blob(bytes);
    [u8; 16]: bytes => Value::Blob(bytes);
    [u8; 32]: bytes => Value::Blob(bytes);
    TenantId: tenant => Value::Text(tenant.as_str());
}

// === impl FromValue ===

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }
}

macro_rules! from_value {
    ($($type:ty, $expected:literal: $pattern:pat => $result:expr;)+) => {$(
        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;

            fn from_value(value: Value<'_>) -> Option<Self> {
                match value {
                    $pattern => $result,
                    _ => None,
                }
            }
        }
    )+};
}

from_value! {
    i64, "a whole number": Value::Integer(number) => Some(number);
    i32, "a whole number of 32 bits": Value::Integer(number) => number.try_into().ok();
    u16, "a whole number of 16 bits from 0": Value::Integer(number) => number.try_into().ok();
    u32, "a whole number of 32 bits from 0": Value::Integer(number) => number.try_into().ok();
    u64, "a whole number from 0": Value::Integer(number) => number.try_into().ok();
    usize, "a whole number from 0": Value::Integer(number) => number.try_into().ok();
    bool, "0 or 1": Value::Integer(number @ (0 | 1)) => Some(number == 1);
    f64, "a number": Value::Real(number) => Some(number);
    String, "text": Value::Text(text) => Some(text.to_owned());
    Arc<str>, "text": Value::Text(text) => Some(Arc::from(text));
    Vec<u8>, "bytes": Value::Blob(bytes) => Some(bytes.to_vec());
    [u8; 16], "16 bytes": Value::Blob(bytes) => bytes.try_into().ok();
    [u8; 32], "32 bytes": Value::Blob(bytes) => bytes.try_into().ok();
    TenantId, "a tenant": Value::Text(text) => text.parse().ok();
}

// === ids ===

macro_rules! id_values {
    ($($id:ident),+) => {$(
        impl ToValue for $id {
            fn to_value(&self) -> Value<'_> {
                Value::Blob(self.as_bytes())
            }
        }

        impl FromValue for $id {
            const EXPECTED: &'static str = "an id of 16 bytes";

            fn from_value(value: Value<'_>) -> Option<Self> {
                <[u8; 16]>::from_value(value).map(Self::from_bytes)
            }
        }
    )+};
}

id_values!(
    ApprovalId,
    AssistantId,
    BudgetId,
    ChannelId,
    CompactionId,
    DeliveryId,
    ExperimentId,
    FactId,
    InboxId,
    InjectionId,
    McpServerId,
    MemberId,
    MessageId,
    NotificationId,
    NotificationRuleId,
    OauthTokenId,
    ObligationId,
    PasskeyId,
    ProfileId,
    PushSubscriptionId,
    RuleId,
    ScheduleId,
    ScheduleRunId,
    SecretId,
    ThreadId,
    TokenId,
    TurnId,
    WebSessionId,
    WebhookDeliveryId,
    WebhookId,
    WorkspaceId
);
