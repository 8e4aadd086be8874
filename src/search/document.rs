//! What is indexed: a text with its id and the facts that filters ask for.

/// The sixteen bytes of an id.
pub type RawId = [u8; 16];

/// What changed: a kind of things, and which.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// One of the source's words.
    pub kind: &'static str,
    /// Which.
    pub id: RawId,
}

/// One thing as the index has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Document {
    /// What it is.
    pub key: Key,
    /// What it belongs to, as the messages of a conversation do. A change of the group is a change of all of them.
    pub group: Option<RawId>,
    /// Where it is.
    pub scope: Option<RawId>,
    /// Who may find it, as a word of the source: what is asked for is a list of these.
    pub owner: String,
    /// Who said it: a word that filters ask for. May be empty.
    pub role: String,
    /// The name of who said it. May be empty.
    pub author: String,
    /// The text.
    pub text: String,
    /// When it was made, in milliseconds since 1970.
    pub at_ms: i64,
    /// How the source finds it again where the id does not say it. May be empty.
    pub locator: String,
}
