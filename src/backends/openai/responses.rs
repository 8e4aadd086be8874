//! OpenAI's Responses. Nothing is stored there: reasoning comes sealed, is kept with the round that it belongs to, and goes
//! back with it.

mod decode;
mod encode;

use std::sync::Arc;

use crate::backends::answer::{Call, Upstream};
use crate::protocol::model::{ModelError, ModelRequest};

pub(super) use decode::ItemDecoder;

/// The call of a request that names its model.
pub(super) fn call(request: &ModelRequest, upstream: &Arc<Upstream>) -> Result<Call, ModelError> {
    let body = encode::body(request)?;
    Ok(Call { upstream: Arc::clone(upstream), path: "/responses".into(), body, stream: request.stream })
}

#[cfg(test)]
mod tests;
