//! Filters, and spans without what was said.

use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::protocol::chat::Usage;

use super::{check_filter, spans};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[test]
fn filters_are_checked_before_anything_is_logged() {
    for good in ["info", "warn,capuchin=debug", "off"] {
        assert!(check_filter(good).is_ok(), "{good}");
    }
    for bad in ["info,=x=", "capuchin=loud"] {
        assert!(check_filter(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_line_inside_a_step_carries_its_model_and_tokens_in_stable_names() {
    let captured = Captured::default();
    let subscriber =
        tracing_subscriber::fmt().json().flatten_event(true).with_writer(captured.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let span = spans::model_call("demo", "small");
        spans::record_usage(&span, &Usage { input_tokens: 3, output_tokens: 4, ..Usage::default() });
        spans::record_failure(&span, "timeout");
        span.in_scope(|| tracing::info!("answered"));
    });
    let line = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let span = &line["span"];
    assert_eq!(span["gen_ai.provider.name"], "demo");
    assert_eq!(span["gen_ai.request.model"], "small");
    assert_eq!(span["gen_ai.operation.name"], "chat");
    assert_eq!(span["gen_ai.usage.output_tokens"], 4);
    assert_eq!(span["error.type"], "timeout");
}
