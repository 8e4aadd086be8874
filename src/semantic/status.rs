//! How semantic ranking does.

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SemanticStatus {
    /// The backend that makes vectors.
    pub backend: String,
    /// The model there.
    pub model: String,
    /// Messages that have one.
    pub vectors: usize,
    /// Messages that should have one, those that have among them.
    pub messages: usize,
    /// Messages of these that the policy or the provider refuses.
    pub left_out: usize,
    /// What went wrong last, while it does.
    pub trouble: Option<String>,
}
