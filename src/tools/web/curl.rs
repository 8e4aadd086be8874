//! `curl`: any HTTP request. Named secrets are put in by `egress`, and nobody here sees them.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::charset::decoded;
use super::{answered, failed, reach, refused};
use crate::egress::{Egress, EgressError, Method, Reply, Request};
use crate::policy::Action;
use crate::protocol::chat::ToolSpec;
use crate::tools::content::not_text;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument};

/// Longest body that is sent, in bytes.
const BODY_BYTES_MAX: usize = 1 << 20;
/// Bytes of an answer that are read, and those that are shown.
const ANSWER_BYTES_MAX: usize = 1 << 20;
const SHOWN_BYTES_MAX: usize = 28 << 10;
/// Headers of one request.
const HEADERS_MAX: usize = 50;
const HEAD_TIME: Duration = Duration::from_secs(30);
const BODY_TIME: Duration = Duration::from_secs(60);

pub(super) struct Curl {
    pub(super) egress: Egress,
}

/// What is asked for.
struct Asked {
    method: Method,
    request: Request,
    /// All of it as a person reads it. Secrets are names here.
    payload: String,
}

impl Tool for Curl {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "curl".to_owned(),
            description:
                "Makes an HTTP request. `@secret:NAME` in headers, query or body stands for a stored secret."
                    .to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "url": {"type": "string"},
                    "method": {"type": "string", "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]},
                    "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                    "body": {"type": "string"},
                },
                "required": ["url"],
                "additionalProperties": false,
            }),
        }
    }

    /// GET and HEAD change nothing, by the standard; everything else may.
    fn plan(&self, arguments: &Arguments, _place: &Place) -> Result<Plan, ToolError> {
        let Asked { method, request, payload } = asked(&self.egress, arguments)?;
        let reads = matches!(method, Method::GET | Method::HEAD) && !arguments.contains_key("body");
        let class = if reads { ToolClass::ReadOnly } else { ToolClass::Effectful };
        let mut plan = Plan::new(class).doing(reach(&request)).with_payload(payload);
        for name in request.secret_names().map_err(refused)? {
            plan = plan.doing(Action::UseSecret { name, host: request.host().to_owned() });
        }
        Ok(plan)
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let egress = self.egress.clone();
        async move {
            let Asked { request, .. } = asked(&egress, &call.arguments)?;
            let reply =
                request.secrets_everywhere(call.place.tenant.clone(), "tool curl").send(HEAD_TIME).await;
            show(reply.map_err(failed)?).await
        }
        .boxed()
    }
}

fn asked(egress: &Egress, arguments: &Arguments) -> Result<Asked, ToolError> {
    let (url, body) = (argument::text(arguments, "url")?, argument::optional_text(arguments, "body")?);
    let name = argument::optional_text(arguments, "method")?.unwrap_or("GET").to_ascii_uppercase();
    let unknown = || ToolError::Arguments(format!("`method`: {name} is not one of those that are known"));
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&name.as_str());
    let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| known).ok_or_else(unknown)?;
    let mut request = egress.request(method.clone(), url).map_err(refused)?;
    let mut payload = format!("{method} {url}");
    let mut content_type = None;
    for (name, value) in headers(arguments)? {
        payload.push_str(&format!("\n{name}: {value}"));
        if name.eq_ignore_ascii_case("content-type") {
            content_type = Some(value);
        } else {
            request = request.with_header(name, value).map_err(refused)?;
        }
    }
    if let Some(body) = body {
        if body.len() > BODY_BYTES_MAX {
            return Err(ToolError::Arguments(format!("`body` is longer than {} KiB", BODY_BYTES_MAX >> 10)));
        }
        payload.push_str(&format!("\n\n{body}"));
        let of_body = content_type.unwrap_or_else(|| kind_of(body));
        request = request.body(of_body, Bytes::copy_from_slice(body.as_bytes())).map_err(refused)?;
    }
    Ok(Asked { method, request, payload })
}

/// A body without a type is JSON where it can be.
fn kind_of(body: &str) -> &'static str {
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(body).is_ok();
    if is_json { "application/json" } else { "text/plain; charset=utf-8" }
}

fn headers(arguments: &Arguments) -> Result<Vec<(&str, &str)>, ToolError> {
    let wrong = || ToolError::Arguments(format!("`headers` must be at most {HEADERS_MAX} names with texts"));
    match arguments.get("headers") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Object(headers)) if headers.len() <= HEADERS_MAX => headers
            .iter()
            .map(|(name, value)| Ok((name.as_str(), value.as_str().ok_or_else(wrong)?)))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

async fn show(mut reply: Reply) -> Result<ToolOutput, ToolError> {
    let (body, whole) = beginning(&mut reply).await.map_err(failed)?;
    let kind = reply.header("content-type").unwrap_or_default().to_owned();
    let mut text = format!("HTTP {}\n", reply.status());
    for (name, value) in reply.headers() {
        // What it sets is a credential for somebody.
        let value = if name == "set-cookie" { "[not shown]".into() } else { value };
        text.push_str(&format!("{name}: {value}\n"));
    }
    let text = text.get(..text.floor_char_boundary(SHOWN_BYTES_MAX / 4)).unwrap_or(&text);
    let content = match not_text(&body) {
        Some(what) => format!("[the body is {what}, {} bytes]", body.len()),
        None => decoded(&body, &kind),
    };
    // An answer may repeat what it was sent, and then it repeats the secret.
    let (text, content) = (reply.mask(text), reply.mask(&content));
    let room = SHOWN_BYTES_MAX.saturating_sub(text.len());
    let shown = content.get(..content.floor_char_boundary(room)).unwrap_or_default();
    let mark = match (shown.len() < content.len(), whole) {
        (true, _) => format!("\n[… the body goes on: {} bytes are shown …]", shown.len()),
        (false, false) => format!("\n[… more than {} KiB are not read …]", ANSWER_BYTES_MAX >> 10),
        (false, true) => String::new(),
    };
    Ok(answered(reply.status(), format!("{text}\n{shown}{mark}")))
}

/// As much of the body as is read, and whether it is all.
async fn beginning(reply: &mut Reply) -> Result<(Bytes, bool), EgressError> {
    let deadline = tokio::time::Instant::now() + BODY_TIME;
    let mut body = BytesMut::new();
    loop {
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        let Some(chunk) = reply.chunk(left).await? else { return Ok((body.freeze(), true)) };
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            body.truncate(ANSWER_BYTES_MAX);
            return Ok((body.freeze(), false));
        }
    }
}
