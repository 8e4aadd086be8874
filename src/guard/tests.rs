//! Requests and answers without their secrets, at every place and every cut.

use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};

use super::{Guard, ModelCall, TextOf};
use crate::approvals::{ApprovalTimes, Approvals};
use crate::backends::Prices;
use crate::budgets::Budgets;
use crate::config::BudgetsConfig;
use crate::db::{Db, DbOptions, WriterRun};
use crate::policy::{Autonomy, KillSwitches, PermissionMode, Policies, SourceKind, Subject};
use crate::protocol::chat::{ChatMessage, Part, Role, StopReason, ToolCall, ToolSpec, Usage};
use crate::protocol::ids::TenantId;
use crate::protocol::model::{ModelError, ModelErrorKind, ModelEvent, ModelRequest};
use crate::redaction::{LeakLog, Redactor};
use crate::telemetry::Metrics;

/// Made here, so that no scanner of the repository takes it for real.
fn secret() -> String {
    ["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat()
}

/// A guard, and the writer of its store.
async fn guard() -> (Guard, WriterRun) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(folder.path().join("test.db"), DbOptions::default()).unwrap();
    let writer = db.start_writer().unwrap();
    let switches = KillSwitches::open(db.clone()).await.unwrap();
    let policies = Policies::new(db.clone());
    let hour = Duration::from_secs(3_600);
    let times = ApprovalTimes { attended: hour, unattended: hour };
    let approvals = Approvals::new(db.clone(), policies.clone(), times);
    let budgets =
        Budgets::open(db.clone(), Prices::default(), Metrics::new(), BudgetsConfig::default()).await.unwrap();
    (Guard::new((Redactor::new(), LeakLog::new(db)), switches, policies, approvals, budgets), writer)
}

fn call() -> ModelCall {
    ModelCall {
        of: TextOf { tenant: TenantId::home(), thread: None },
        source: "owner".into(),
        turn: None,
        subject: Subject { assistant: None, workspace: None, thread: None, source: SourceKind::Owner },
        mode: PermissionMode::Default,
        autonomy: Autonomy::Supervised,
        tainted: false,
        backend: "demo".into(),
        model: "demo".into(),
        local: true,
        private: false,
    }
}

fn on_a_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn cleaned(mut request: ModelRequest) -> ModelRequest {
    on_a_runtime(async {
        let (guard, _writer) = guard().await;
        drop(guard.admit(call(), &mut request).await.unwrap());
    });
    request
}

fn screened(events: Vec<Result<ModelEvent, ModelError>>) -> Vec<Result<ModelEvent, ModelError>> {
    on_a_runtime(async {
        let (guard, _writer) = guard().await;
        let admitted = guard.admit(call(), &mut ModelRequest::default()).await.unwrap();
        admitted.answer(futures::stream::iter(events).boxed()).collect().await
    })
}

/// All text of one kind, joined.
fn said(events: &[Result<ModelEvent, ModelError>], thinking: bool) -> String {
    let pieces = events.iter().filter_map(|event| match event {
        Ok(ModelEvent::Text(text)) if !thinking => Some(text.as_str()),
        Ok(ModelEvent::Thinking(text)) if thinking => Some(text.as_str()),
        _ => None,
    });
    pieces.collect()
}

#[test]
fn every_text_of_a_request_is_scanned() {
    let secret = secret();
    let text = || format!("use {secret} please");
    let call = ToolCall { id: "1".into(), name: "t".into(), arguments: json!({ "key": text() }).to_string() };
    let mut request = ModelRequest {
        model: "m".into(),
        system: text(),
        messages: vec![
            ChatMessage::text(Role::User, text()),
            ChatMessage {
                role: Role::Assistant,
                parts: vec![
                    Part::Thinking { text: text(), signature: Some("seal".into()) },
                    Part::Thinking { text: "clean".into(), signature: Some("seal".into()) },
                    Part::ToolCall(call),
                    Part::Image { url: format!("https://pictures.test/?token={secret}") },
                ],
            },
            ChatMessage {
                role: Role::Tool,
                parts: vec![Part::ToolResult { call_id: "1".into(), content: text() }],
            },
        ],
        tools: vec![ToolSpec {
            name: "t".into(),
            description: text(),
            parameters: json!({ "description": text(), "properties": [{ "default": text() }] }),
        }],
        ..ModelRequest::default()
    };
    request.extra.insert("metadata".into(), json!({ "note": text() }));
    let request = cleaned(request);
    let all = format!("{request:?}");
    assert!(!all.contains(&secret), "{all}");
    assert_eq!(all.matches("[REDACTED:").count(), 10, "{all}");
    let parts = &request.messages[1].parts;
    assert!(matches!(&parts[0], Part::Thinking { signature: None, .. }), "its seal is void");
    assert!(matches!(&parts[1], Part::Thinking { signature: Some(_), .. }));
    let Part::ToolCall(call) = &parts[2] else { panic!("a call") };
    assert!(serde_json::from_str::<Value>(&call.arguments).is_ok(), "still JSON: {}", call.arguments);
}

#[test]
fn a_request_without_secrets_is_left_as_it_is() {
    let mut request = ModelRequest {
        system: "You are kind. See commit 9fceb02d0ae598e95dc970b74767f19372d61af8.".into(),
        messages: vec![ChatMessage {
            role: Role::User,
            parts: vec![Part::Image { url: "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA".into() }],
        }],
        ..ModelRequest::default()
    };
    let parameters = json!({ "type": "object", "required": ["password"], "properties": {
        "password": { "type": "string", "minLength": 12 }, "token": { "type": "string", "enum": ["left", "right"] },
    } });
    request.tools = vec![ToolSpec { name: "t".into(), description: "Signs in.".into(), parameters }];
    request.extra.insert("max_completion_tokens".into(), json!(123_456_789));
    request
        .extra
        .insert("prompt_cache_key".into(), json!("conversation-0192f000-0000-7000-8000-000000000000"));
    let before = request.clone();
    let request = cleaned(request);
    assert_eq!((before.system, before.messages), (request.system, request.messages));
    assert_eq!((before.tools, before.extra), (request.tools, request.extra));
}

#[test]
fn an_answer_hides_a_secret_wherever_it_is_cut() {
    let text = format!("Here it is: {} – keep it.", secret());
    let expected = said(&screened(vec![Ok(ModelEvent::Text(text.clone()))]), false);
    assert!(expected.contains("[REDACTED:") && expected.ends_with(" – keep it."), "{expected}");
    for cut in (1..text.len()).filter(|at| text.is_char_boundary(*at)) {
        let (left, right) = text.split_at(cut);
        for thinking in [false, true] {
            let piece = if thinking { ModelEvent::Thinking } else { ModelEvent::Text };
            let events = screened(vec![
                Ok(piece(left.into())),
                Ok(piece(right.into())),
                Ok(ModelEvent::Stop(StopReason::EndTurn)),
            ]);
            assert_eq!(said(&events, thinking), expected, "cut at {cut}");
            assert_eq!(events.last().unwrap().as_ref().unwrap(), &ModelEvent::Stop(StopReason::EndTurn));
        }
    }
}

#[test]
fn what_is_held_back_comes_out_before_what_follows() {
    let events = screened(vec![
        Ok(ModelEvent::Thinking("first ghp_".into())),
        Ok(ModelEvent::ThinkingSignature("seal".into())),
        Ok(ModelEvent::Text("then sk-".into())),
        Ok(ModelEvent::Usage(Usage { input_tokens: 1, ..Usage::default() })),
        Ok(ModelEvent::ToolCall(ToolCall { id: "1".into(), name: "t".into(), arguments: "{}".into() })),
        Ok(ModelEvent::Text("last eyJ".into())),
    ]);
    let words: Vec<String> = events
        .iter()
        .map(|event| match event.as_ref().unwrap() {
            ModelEvent::Text(text) => format!("text {text}"),
            ModelEvent::Thinking(text) => format!("thinking {text}"),
            ModelEvent::ThinkingSignature(_) => "seal".to_owned(),
            ModelEvent::ToolCall(_) => "call".to_owned(),
            ModelEvent::Usage(_) | ModelEvent::Stop(_) => String::new(),
        })
        .filter(|word| !word.is_empty())
        .collect();
    let order = words.join("|");
    assert_eq!(said(&events, true), "first ghp_");
    assert_eq!(said(&events, false), "then sk-last eyJ");
    let (seal, call) = (order.find("seal").unwrap(), order.find("call").unwrap());
    assert!(order.find("ghp_").unwrap() < seal && seal < order.find("text").unwrap(), "{order}");
    assert!(order.find("sk-").unwrap() < call && call < order.find("eyJ").unwrap(), "{order}");
}

#[test]
fn a_seal_over_words_that_changed_is_dropped_and_the_next_is_kept() {
    let events = screened(vec![
        Ok(ModelEvent::Thinking(secret())),
        Ok(ModelEvent::ThinkingSignature("void".into())),
        Ok(ModelEvent::Thinking("fine".into())),
        Ok(ModelEvent::ThinkingSignature("good".into())),
    ]);
    let seals: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Ok(ModelEvent::ThinkingSignature(seal)) => Some(seal.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(seals, ["good"]);
}

#[test]
fn tool_calls_and_errors_are_scanned() {
    let secret = secret();
    let events = screened(vec![
        Ok(ModelEvent::ToolCall(ToolCall {
            id: "1".into(),
            name: "t".into(),
            arguments: json!({ "url": format!("https://a.test/?key={secret}") }).to_string(),
        })),
        Err(ModelError::new(ModelErrorKind::Authentication, format!("bad key {secret}"))),
    ]);
    let all = format!("{events:?}");
    assert!(!all.contains(&secret), "{all}");
    let Ok(ModelEvent::ToolCall(call)) = &events[0] else { panic!("a call") };
    assert!(serde_json::from_str::<Value>(&call.arguments).is_ok());
    assert!(events[1].as_ref().unwrap_err().message.starts_with("bad key [REDACTED:"));
}
