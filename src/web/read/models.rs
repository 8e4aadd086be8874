//! Models as the picker offers them, and as their page shows them.

use std::time::Duration;

use super::rfc3339;
use crate::backends::KeyState;
use crate::http::AppState;
use crate::models::{ModelState, ModelView, ProbeState, ProbeView};
use crate::web::view::Frame;
use crate::web::view::models::{ModelRow, ModelsPage, ProbeRow};
use crate::web::view::pages::ModelChoice;

/// How long a page waits for backends that nobody has asked yet.
const FIRST_WAIT: Duration = Duration::from_millis(300);
/// Most models of one backend.
const MODELS_MAX: usize = 60;

/// The assistant's own model first, then every backend's.
pub(in crate::web) async fn choices(state: &AppState, own: &str) -> Vec<ModelChoice> {
    let first = ModelChoice { value: String::new(), label: format!("Assistant · {own}"), selected: true };
    let mut choices = vec![first];
    let (mut backend, mut shown) = (String::new(), 0_usize);
    for model in state.models.list(FIRST_WAIT).await {
        let key = &model.known.key;
        if backend != key.backend {
            backend.clone_from(&key.backend);
            shown = 0;
        }
        shown += 1;
        if shown <= MODELS_MAX {
            let (value, label) = (format!("{}/{}", key.backend, key.model), label(&model));
            let label = trouble(state, &model).map_or(label.clone(), |why| format!("{label} · {why}"));
            choices.push(ModelChoice { value, label, selected: false });
        }
    }
    choices
}

/// What a person who picks a model has to know before its name: nothing, if it answers.
fn trouble(state: &AppState, model: &ModelView) -> Option<&'static str> {
    let key = &model.known.key;
    match state.backends.about(&key.backend).map(|about| &about.key) {
        Some(KeyState::Missing(_)) => Some("no key"),
        _ if state.models.breaker(&key.backend, &key.model) == "open" => Some("does not answer now"),
        _ => None,
    }
}

/// `local · Llama 3.2 · 128k · $0.15/$0.60`.
fn label(model: &ModelView) -> String {
    let known = &model.known;
    let mut label = format!("{} · {}", known.key.backend, known.display_name);
    if known.state == ModelState::Deprecated {
        label.push_str(" · going away");
    }
    let price = price(model).filter(|price| price != FREE);
    for more in [known.context_tokens.map(tokens), price].into_iter().flatten() {
        label.push_str(" · ");
        label.push_str(&more);
    }
    label
}

/// The page as it is before a form says anything.
pub(in crate::web) async fn page(state: &AppState, frame: Frame) -> ModelsPage {
    // silent-ok: only the wait for backends that nobody has asked yet matters here; all are shown below.
    let _ = state.models.list(FIRST_WAIT).await;
    let models = state.models.all().into_iter().map(row).collect();
    let probes = state.models.probes().into_iter().map(probe).collect();
    ModelsPage { frame, probes, models, notice: None, error: None }
}

fn row(model: ModelView) -> ModelRow {
    let price = price(&model);
    let known = model.known;
    let (state, state_word) = match known.state {
        ModelState::Available => ("done", "Available"),
        ModelState::Deprecated => ("waiting", "Going away"),
        ModelState::Gone => ("failed", "Gone"),
    };
    let can = known.capabilities;
    let able = [(can.tools, "tools"), (can.images, "pictures"), (can.thinking, "reasoning")];
    let able: Vec<&str> =
        able.into_iter().filter(|(can, _)| *can == Some(true)).map(|(_, word)| word).collect();
    ModelRow {
        backend: known.key.backend,
        model: known.key.model,
        name: known.display_name,
        state,
        state_word,
        context: known.context_tokens.map(tokens),
        output: known.output_tokens.map(tokens),
        able: able.join(", "),
        price,
        source: known.source.as_str(),
        seen: (known.seen_ms != 0).then(|| rfc3339(known.seen_ms)),
    }
}

fn probe(view: ProbeView) -> ProbeRow {
    let (state, state_word) = match view.state {
        ProbeState::New => ("pending", "Not asked yet"),
        ProbeState::Ready => ("done", "Answers"),
        ProbeState::Failing => ("failed", "Does not answer"),
        ProbeState::Down => ("failed", "Resting after crashes"),
        ProbeState::Off => ("pending", "Off"),
    };
    ProbeRow {
        id: view.key.to_string(),
        backend: view.key.backend,
        provider: view.key.provider,
        state,
        state_word,
        error: view.error,
        enabled: view.enabled,
        every_s: view.every_s,
        answered: view.answered_ms.map(rfc3339),
        next: view.next_ms.map(rfc3339),
        models: view.models,
    }
}

const FREE: &str = "free";

/// US dollars per million tokens, in and out.
fn price(model: &ModelView) -> Option<String> {
    let price = model.price?;
    if (price.input_nano, price.output_nano) == (0, 0) {
        return Some(FREE.to_owned());
    }
    let dollars = |nano: u64| format!("${}.{:02}", nano / 1_000, nano % 1_000 / 10);
    Some(format!("{}/{}", dollars(price.input_nano), dollars(price.output_nano)))
}

/// `128k`, `1.0M`.
fn tokens(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}.{}M", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}
