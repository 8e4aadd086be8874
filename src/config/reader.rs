//! Serde over the merged tree. Its errors carry the path of the value that was refused, and say
//! "did you mean" where a name is close to one that exists.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

use super::tree::{Entry, Node, Value};

/// One value that does not fit its setting.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    /// The keys that lead to it, outermost first.
    pub(super) path: Vec<String>,
    /// What is wrong, without the place.
    pub(super) text: String,
    /// It is the key that is wrong, not its value.
    pub(super) of_key: bool,
    /// It is this key inside it that nobody wrote.
    pub(super) missing: Option<&'static str>,
}

/// Reads the tree as one typed value.
pub(super) fn read<T: DeserializeOwned>(tree: &Node) -> Result<T, Refusal> {
    T::deserialize(tree).map_err(|mut refusal| {
        refusal.path.reverse();
        refusal
    })
}

// === impl Refusal ===

impl Refusal {
    fn new(text: String) -> Self {
        Self { path: Vec::new(), text, of_key: false, missing: None }
    }

    /// Notes one more key on the way out. Items of lists have no key: the list is the place.
    fn inside(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text.to_string())
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown key `{field}`{}", suggestion(field, expected)))
    }

    fn unknown_variant(word: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("`{word}` is not one of {}", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self { missing: Some(field), ..Self::new(format!("the key `{field}` is missing")) }
    }
}

/// The nearest existing name, or all of them when none is near.
pub(super) fn suggestion(word: &str, known: &[&str]) -> String {
    let near = known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), *name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min();
    match near {
        Some((_, name)) => format!(", did you mean `{name}`?"),
        None if known.is_empty() => String::new(),
        None => format!(", known here: {}", known.join(", ")),
    }
}

// === impl Deserializer ===

impl<'de> de::Deserializer<'de> for &Node {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Value::Loose(text) | Value::Text(text) => visitor.visit_str(text),
            Value::Integer(number) => visit_integer(*number, visitor),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(flag) => visitor.visit_bool(*flag),
            Value::List(items) => visitor.visit_seq(List(items.iter())),
            Value::Table(table) => visitor.visit_map(Table { entries: table.iter(), current: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.value {
            Value::Loose(word) | Value::Text(word) => {
                let word: StrDeserializer<'_, Refusal> = word.as_str().into_deserializer();
                visitor.visit_enum(word)
            }
            Value::Table(table) => {
                visitor.visit_enum(MapAccessDeserializer::new(Table { entries: table.iter(), current: None }))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Value::Loose(text) => match text.as_str() {
                "true" | "1" | "yes" | "on" => visitor.visit_bool(true),
                "false" | "0" | "no" | "off" => visitor.visit_bool(false),
                _ => Err(Refusal::new("expected true or false".to_owned())),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Value::Loose(text) => match text.replace('_', "").parse() {
                Ok(number) => visit_integer(number, visitor),
                Err(_) => Err(Refusal::new("expected a whole number".to_owned())),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_i8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u8<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u16<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_i64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Value::Loose(text) => match text.parse() {
                Ok(number) => visitor.visit_f64(number),
                Err(_) => Err(Refusal::new("expected a number".to_owned())),
            },
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            // A variable holds a list as words between commas.
            Value::Loose(text) => {
                let items: Vec<Node> = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| Node { origin: self.origin.clone(), value: Value::Loose(item.to_owned()) })
                    .collect();
                visitor.visit_seq(List(items.iter()))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_seq(visitor)
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple_struct map struct
        identifier ignored_any
    }
}

fn visit_integer<'de, V: Visitor<'de>>(number: i128, visitor: V) -> Result<V::Value, Refusal> {
    match (i64::try_from(number), u64::try_from(number)) {
        (Ok(number), _) => visitor.visit_i64(number),
        (_, Ok(number)) => visitor.visit_u64(number),
        _ => visitor.visit_i128(number),
    }
}

struct Table<'a> {
    entries: std::collections::btree_map::Iter<'a, String, Entry>,
    current: Option<(&'a String, &'a Entry)>,
}

impl<'de> de::MapAccess<'de> for Table<'_> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else { return Ok(None) };
        let word: StrDeserializer<'_, Refusal> = key.as_str().into_deserializer();
        seed.deserialize(word).map(Some).map_err(|refusal| Refusal { of_key: true, ..refusal }.inside(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Refusal> {
        let Some((key, entry)) = self.current.take() else {
            return Err(Refusal::new("a value was read before its key".to_owned()));
        };
        seed.deserialize(&entry.node).map_err(|refusal| refusal.inside(key))
    }
}

struct List<'a>(std::slice::Iter<'a, Node>);

impl<'de> de::SeqAccess<'de> for List<'_> {
    type Error = Refusal;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Refusal> {
        let Some(item) = self.0.next() else { return Ok(None) };
        // What is inside an item has no path of its own: the list is the place.
        seed.deserialize(item).map(Some).map_err(|refusal| Refusal { path: Vec::new(), ..refusal })
    }
}
