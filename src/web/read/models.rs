//! What the model picker offers: what the backends say now, within a short time.

use std::time::Duration;

use futures::future::join_all;

use crate::http::AppState;
use crate::web::view::pages::ModelChoice;

/// How long a page waits for a backend's list. A slower one shows its default model only.
const LIST_WAIT: Duration = Duration::from_millis(300);
/// Most models of one backend.
const MODELS_MAX: usize = 60;

/// The assistant's own model first, then every backend's.
pub(in crate::web) async fn choices(state: &AppState, own: &str) -> Vec<ModelChoice> {
    let lists = state.backends.names().map(|name| async move {
        let Some(backend) = state.backends.get(name) else { return Vec::new() };
        let listed = tokio::time::timeout(LIST_WAIT, backend.models()).await;
        let mut models: Vec<(String, String)> = match listed {
            Ok(Ok(models)) => {
                models.into_iter().take(MODELS_MAX).map(|model| (model.id, model.display_name)).collect()
            }
            // silent-ok: the picker shows what is known; a call of that backend tells what is wrong.
            Ok(Err(_)) | Err(_) => Vec::new(),
        };
        if models.is_empty() {
            models.extend(backend.default_model().map(|model| (model.to_owned(), model.to_owned())));
        }
        models.into_iter().map(|(id, label)| (format!("{name}/{id}"), format!("{name} · {label}"))).collect()
    });
    let others = join_all(lists).await.into_iter().flatten();
    let first = ModelChoice { value: String::new(), label: format!("Assistant · {own}"), selected: true };
    let rest = others.map(|(value, label)| ModelChoice { value, label, selected: false });
    std::iter::once(first).chain(rest).collect()
}
