//! Texts as vectors: what is asked of a provider that makes them, and what counts as an answer.

use futures::future::BoxFuture;

use super::failure;
use crate::protocol::chat::Usage;
use crate::protocol::model::ModelError;

/// Figures of a vector at most. The largest models known have 4,096.
pub const FIGURES_MAX: usize = 8_192;

/// Texts that shall become vectors.
#[derive(Clone, Debug, Default)]
pub struct EmbedRequest {
    /// The model, in the provider's words.
    pub model: String,
    /// The texts; none of them is empty.
    pub texts: Vec<String>,
}

/// Vectors of texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedded {
    /// One of each text, in the order of the texts: all of one length from 1 to [`FIGURES_MAX`], every figure finite, and
    /// not all of them 0.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens that were used, as far as the provider says so.
    pub usage: Usage,
}

/// A provider of vectors.
pub trait Embed: Send + Sync + 'static {
    /// Makes vectors of texts. It is tried once: whoever asks knows how long it can wait. Dropping it ends the call.
    ///
    /// # Errors
    /// As those of chat calls; `Protocol` for an answer that is no set of vectors of these texts.
    fn embed(&self, request: EmbedRequest) -> BoxFuture<'static, Result<Embedded, ModelError>>;
}

/// The vectors of this many texts, if they are such.
pub(super) fn checked(vectors: Vec<Vec<f32>>, texts: usize) -> Result<Vec<Vec<f32>>, ModelError> {
    let broken = |text: &str| failure::protocol(format!("the provider's vectors {text}")).error;
    if vectors.len() != texts {
        return Err(broken("are not as many as the texts"));
    }
    let length = vectors.first().map_or(1, Vec::len);
    if !(1..=FIGURES_MAX).contains(&length) || vectors.iter().any(|vector| vector.len() != length) {
        return Err(broken("have no length that is one"));
    }
    let says_something =
        |vector: &Vec<f32>| vector.iter().all(|x| x.is_finite()) && vector.iter().any(|x| *x != 0.0);
    if vectors.iter().all(says_something) { Ok(vectors) } else { Err(broken("have figures that are none")) }
}
