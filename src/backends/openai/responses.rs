//! OpenAI's Responses. Nothing is stored there: reasoning comes sealed, is kept with the round that it belongs to, and goes
//! back with it.

mod decode;
mod encode;

use crate::backends::answer::Call;
use crate::backends::remote::Remote;
use crate::protocol::model::{ModelError, ModelRequest};

pub(super) use decode::ItemDecoder;

/// The call of a request that names its model.
pub(super) fn call(request: &ModelRequest, remote: &Remote) -> Result<Call, ModelError> {
    Ok(remote.call("/responses", encode::body(request)?, request.stream))
}

#[cfg(test)]
mod tests;
