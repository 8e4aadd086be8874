//! A call that was decided: it is allowed and its end waited for, or it is denied.

use std::time::Duration;

use crate::coders::{Decision, Event, ToolKind, Went};
use crate::protocol::model::{ModelError, ModelErrorKind};
use crate::tools::{ToolError, ToolOutput};

use super::{Coding, Talking};

/// How long the end of a call is waited for once the program asks for another one: it may run both beside each other, or one
/// inside the other.
const BESIDE: Duration = Duration::from_secs(2);
const RUNS_ON: &str = "It runs, and other things are asked for meanwhile.";

// === impl Coding ===

impl Coding {
    /// Lets the program make a call, and waits for what comes of it.
    pub(in crate::adapters::turns) async fn make(&self, call: &str) -> Result<ToolOutput, ToolError> {
        let gone = || ToolError::Refused("the program that asked for this is gone".to_owned());
        let ask = self.asks.lock().remove(call).ok_or_else(gone)?;
        let mut talking = self.talking.lock().await;
        talking.allowed.insert(ask.tool.id.clone());
        let Some(talk) = &talking.talk else { return Err(gone()) };
        talk.decide(&ask.id, Decision::Allow).await;
        let mut beside = None;
        loop {
            let next = async {
                match &mut talking.talk {
                    Some(talk) => talk.next().await,
                    None => None,
                }
            };
            let late = async {
                match beside {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            let event = tokio::select! {
                event = next => event,
                () = late => return Ok(ToolOutput::system(RUNS_ON)),
            };
            match event {
                Some(Event::ToolEnded { id, went, output }) if id == ask.tool.id => {
                    return Ok(answer(&ask.tool.kind, went, output));
                }
                Some(event) => {
                    if matches!(event, Event::Ask(_)) {
                        beside.get_or_insert_with(|| tokio::time::Instant::now() + BESIDE);
                    }
                    let is_end = matches!(event, Event::Ended(_) | Event::Broken(_) | Event::Lost);
                    talking.kept.push_back(event);
                    if is_end {
                        return Err(ToolError::Failed(
                            "its end was not told: the program stopped".to_owned(),
                        ));
                    }
                }
                None => {
                    talking.kept.push_back(Event::Broken(ended()));
                    return Err(ToolError::Failed("its end was not told: the program is gone".to_owned()));
                }
            }
        }
    }

    /// Denies a call that got another answer than to be made; nothing where it was made.
    pub(in crate::adapters::turns) async fn settle(&self, call: &str, answer: &str) {
        let Some(ask) = self.asks.lock().remove(call) else { return };
        let talking = self.talking.lock().await;
        self.deny(&talking, &ask.id, answer).await;
    }

    pub(super) async fn deny(&self, talking: &Talking, ask: &str, why: &str) {
        if let Some(talk) = &talking.talk {
            talk.decide(ask, Decision::Deny(why.to_owned())).await;
        }
    }
}

/// The session has ended without a word.
pub(super) fn ended() -> ModelError {
    ModelError::new(ModelErrorKind::Upstream, "the session of the program ended while it worked")
}

fn answer(kind: &ToolKind, went: Went, output: String) -> ToolOutput {
    let said = match kind {
        ToolKind::Fetch(_) => ToolOutput::web(output),
        ToolKind::Internal => {
            ToolOutput { provenance: crate::protocol::turn::Provenance::Model, ..ToolOutput::tool(output) }
        }
        _ => ToolOutput::tool(output),
    };
    if went == Went::Done { said } else { said.failed() }
}
