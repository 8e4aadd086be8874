//! What a permitted call may spend, and its answer.
//!
//! The prompt is cleaned, then what it may need is taken out of every budget that it belongs to. The
//! answer is scanned and counted as it streams; its end, however it comes, settles what was spent.

use futures::future::{BoxFuture, Either, select};
use futures::stream::BoxStream;

use super::{Guard, ModelCall, answer};
use crate::budgets::{Estimate, Refusal, Reservation, Scope, TurnPass};
use crate::protocol::chat::Usage;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};

/// A call that may be made now. Dropping it gives back what it reserved.
pub struct Admitted {
    guard: Guard,
    call: ModelCall,
    spending: Reservation,
}

// === impl Guard ===

impl Guard {
    /// Begins a turn's time and count. Held until the turn ends.
    ///
    /// # Errors
    /// `BudgetExceeded`, or `Overloaded` when the budgets cannot be kept.
    pub async fn begin_turn(&self, call: &ModelCall) -> Result<TurnPass, ModelError> {
        self.budgets.begin_turn(&scope(call)).await.map_err(refused)
    }

    /// Takes the secrets out of the request and reserves what it may need.
    ///
    /// # Errors
    /// `BudgetExceeded`, `Denied` where a budget in dollars meets a model without a price, `Overloaded` when the
    /// budgets cannot be kept.
    pub async fn admit(&self, call: ModelCall, request: &mut ModelRequest) -> Result<Admitted, ModelError> {
        self.clean_request(&call.of, request);
        let spending = self.budgets.reserve(&scope(&call), Estimate::of(request)).await.map_err(refused)?;
        Ok(Admitted { guard: self.clone(), call, spending })
    }
}

impl Guard {
    /// Reserves what a call may need whose answer somebody else reads and counts, and what resolves when the kill switch
    /// ends it. Its body is clean ([`Guard::clean_body`]).
    ///
    /// # Errors
    /// As [`Guard::admit`].
    pub async fn admit_body(
        &self,
        call: ModelCall,
        estimate: Estimate,
    ) -> Result<(Reservation, BoxFuture<'static, ModelError>), ModelError> {
        let spending = self.budgets.reserve(&scope(&call), estimate).await.map_err(refused)?;
        Ok((spending, self.halt(&call.of)))
    }
}

// === impl Admitted ===

impl Admitted {
    /// The call's answer without its secrets. Text is held back while it may be the beginning of one. The kill
    /// switch ends it, unless it is a turn's, which the session stops.
    #[must_use]
    pub fn answer(
        self,
        answer: BoxStream<'static, Result<ModelEvent, ModelError>>,
    ) -> BoxStream<'static, Result<ModelEvent, ModelError>> {
        let halt = self.call.turn.is_none().then(|| self.guard.halt(&self.call.of));
        answer::screen(self.guard, self.call.of, (self.spending, halt), answer)
    }

    /// The same for a call whose answer holds no text: what it used is settled, and the kill switch ends it.
    ///
    /// # Errors
    /// Those of the call, without secrets; `Halted`.
    pub async fn figures<T>(
        self,
        answer: impl Future<Output = Result<(T, Usage), ModelError>> + Send,
    ) -> Result<T, ModelError> {
        let halt = self.guard.halt(&self.call.of);
        let answered = match select(std::pin::pin!(answer), halt).await {
            Either::Left((answered, _)) => answered,
            Either::Right((halted, _)) => Err(halted),
        };
        match answered {
            Ok((answer, usage)) => {
                self.spending.settle(usage);
                Ok(answer)
            }
            Err(mut error) => {
                // What was refused, or did not get there, used nothing; of anything else nobody knows, so it counts.
                let unused = matches!(error.kind, ModelErrorKind::Network | ModelErrorKind::Configuration);
                if unused || error.status.is_some() {
                    self.spending.release();
                }
                error.message = self.guard.clean(&self.call.of, "error", error.message).text;
                Err(error)
            }
        }
    }
}

pub(super) fn scope(call: &ModelCall) -> Scope {
    Scope {
        assistant: call.subject.assistant,
        thread: call.subject.thread,
        turn: call.turn,
        ..Scope::new(call.of.tenant.clone(), call.source.clone())
            .calling(call.backend.clone(), call.model.clone())
    }
}

pub(super) fn refused(refusal: Refusal) -> ModelError {
    let text = refusal.to_string();
    match refusal {
        Refusal::Exceeded(exceeded) => {
            let retry_after = exceeded.resets_in(jiff::Timestamp::now().as_millisecond());
            ModelError { retry_after, ..ModelError::new(ModelErrorKind::BudgetExceeded, text) }
        }
        Refusal::NoPrice { .. } => ModelError::new(ModelErrorKind::Denied, text),
        Refusal::Store(_) => ModelError::new(ModelErrorKind::Overloaded, text),
    }
}
