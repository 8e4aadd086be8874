//! `capuchin jq`: the filter of the tool `jq`. Hidden: the daemon starts it in a cage.

use std::io::{self, BufWriter, Read as _, Write as _};

use super::args::JqArgs;
use super::exit::{Exit, Failure, Outcome};
use crate::tools::jq;

pub(super) fn run(args: &JqArgs) -> Outcome {
    let failed = |error: io::Error| Failure::text(Exit::Failed, error);
    let mut input = Vec::new();
    io::stdin().read_to_end(&mut input).map_err(failed)?;
    let mut output = BufWriter::new(io::stdout().lock());
    let filtered = jq(&args.filter, &input, args.raw_output, &mut output);
    output.flush().map_err(failed)?;
    filtered.map(|()| Exit::Done).map_err(|why| Failure::text(Exit::Failed, why))
}
