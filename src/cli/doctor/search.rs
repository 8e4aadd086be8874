//! The check of semantic ranking: whether it is on, and how far it is.

use serde_json::Value;

use super::super::client::Client;
use super::super::exit::Failure;
use super::finding::Finding;
use crate::config::{Config, Occupant};

const ID: &str = "search.semantic";

pub(super) async fn semantic(config: &Config, occupant: &Result<Occupant, Failure>) -> Finding {
    let Some((backend, model)) = config.search.semantic.chosen() else {
        return Finding::ok(ID, "is off: what is found is found by its words");
    };
    let Ok(Occupant::Ready(presence)) = occupant else {
        return Finding::ok(ID, format!("is on, with `{model}` of the backend `{backend}`"));
    };
    match Client::new(presence.control.clone()).get("/api/v1/search/status").await {
        Ok(status) => of_status(&status),
        Err(error) => Finding::warn(ID, format!("the daemon does not say how it does: {error}")),
    }
}

fn of_status(status: &Value) -> Finding {
    let semantic = status.get("semantic").filter(|semantic| !semantic.is_null());
    let Some(semantic) = semantic else {
        return Finding::warn(ID, "is on in the settings, and off in the daemon")
            .fix("restart the daemon: settings are read when it starts");
    };
    let count = |key: &str| semantic.get(key).and_then(Value::as_u64).unwrap_or_default();
    let word = |key: &str| semantic.get(key).and_then(Value::as_str).unwrap_or_default();
    let (vectors, messages, left_out) = (count("vectors"), count("messages"), count("left_out"));
    let mut evidence = format!(
        "is on, with `{}` of the backend `{}`: {vectors} of {messages} messages have a vector",
        word("model"),
        word("backend")
    );
    if left_out > 0 {
        evidence = format!("{evidence}, {left_out} are left out by the policy or the provider");
    }
    match word("trouble") {
        "" => Finding::ok(ID, evidence),
        trouble => Finding::warn(ID, format!("{evidence}; {trouble}"))
            .fix("look at the backend; meanwhile what is found is found by its words"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::finding::State;
    use super::of_status;

    #[test]
    fn what_is_said_of_a_status() {
        let on = |trouble: Option<&str>| {
            json!({ "semantic": { "backend": "b", "model": "m", "vectors": 2, "messages": 3, "left_out": 1,
                                  "trouble": trouble } })
        };
        for (status, state, text) in [
            (json!({ "semantic": null }), State::Warn, "off in the daemon"),
            (on(None), State::Ok, "2 of 3 messages have a vector, 1 are left out"),
            (on(Some("connection refused")), State::Warn, "connection refused"),
        ] {
            let finding = of_status(&status);
            assert_eq!(finding.state, state, "{finding}");
            assert!(finding.evidence.contains(text), "{finding}");
        }
    }
}
