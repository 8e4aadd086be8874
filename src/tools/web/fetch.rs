//! `web_fetch`: a page as readable text.

use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::json;

use super::charset::decoded;
use super::{answered, failed, page, reach, refused};
use crate::egress::{Egress, EgressError, Method, Reply, Request, Url};
use crate::protocol::chat::ToolSpec;
use crate::tools::content::not_text;
use crate::tools::{Arguments, Place, Plan, Tool, ToolCallRun, ToolClass, ToolError, ToolOutput, argument};

/// Largest page, opened, in bytes.
const PAGE_BYTES_MAX: usize = 8 << 20;
/// Bytes of one answer: less than what an answer may have, so that nothing is cut from its middle.
const ANSWER_BYTES_MAX: usize = 28 << 10;
/// Redirects that are followed, each to the same host.
const REDIRECTS_MAX: usize = 5;
const HEAD_TIME: Duration = Duration::from_secs(20);
const BODY_TIME: Duration = Duration::from_secs(30);

pub(super) struct WebFetch {
    pub(super) egress: Egress,
}

/// Where the way ends.
enum Arrived {
    Page(Url, Box<Reply>),
    /// A redirect that is not followed.
    Elsewhere(Url),
}

impl Tool for WebFetch {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "web_fetch".to_owned(),
            description: "Reads a web page or a text on the web, as Markdown with its links.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {
                    "url": {"type": "string", "description": "http or https"},
                    "offset": {"type": "integer", "minimum": 1, "description": "Where to go on, as the answer before said"},
                },
                "required": ["url"],
                "additionalProperties": false,
            }),
        }
    }

    fn plan(&self, arguments: &Arguments, _place: &Place) -> Result<Plan, ToolError> {
        let url = argument::text(arguments, "url")?;
        let request = request(&self.egress, url).map_err(refused)?;
        // What is asked for can tell something by itself, so a person sees the whole address.
        Ok(Plan::new(ToolClass::ReadOnly).doing(reach(&request)).with_payload(format!("GET {url}")))
    }

    fn run(&self, call: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        let egress = self.egress.clone();
        async move {
            let url = argument::text(&call.arguments, "url")?;
            let offset = argument::count(&call.arguments, "offset")?.unwrap_or(0);
            match arrive(&egress, url).await.map_err(failed)? {
                Arrived::Page(url, reply) => show(url, *reply, offset).await,
                Arrived::Elsewhere(to) => Ok(ToolOutput::web(format!(
                    "[{url} leads to {to}, which is another place. It was not followed: call web_fetch with that \
                     address if you want it.]"
                ))),
            }
        }
        .boxed()
    }
}

fn request(egress: &Egress, url: &str) -> Result<Request, EgressError> {
    let request = egress.request(Method::GET, url)?;
    let request =
        request.header("accept", "text/html, text/markdown, text/plain, application/json, */*;q=0.5");
    Ok(request.bytes_max(u64::try_from(PAGE_BYTES_MAX).unwrap_or(u64::MAX)))
}

/// Follows redirects as long as they stay at the place that was judged.
async fn arrive(egress: &Egress, url: &str) -> Result<Arrived, EgressError> {
    let mut at = parsed(url)?;
    for _ in 0..=REDIRECTS_MAX {
        let reply = request(egress, at.as_str())?.send(HEAD_TIME).await?;
        let location = reply.header("location").filter(|_| matches!(reply.status(), 301..=303 | 307 | 308));
        let Some(to) = location.map(|to| at.join(to)) else { return Ok(Arrived::Page(at, Box::new(reply))) };
        let why = "it leads to something that is no address";
        let to = to.map_err(|_| EgressError::Redirect { host: reply.host().to_owned(), why })?;
        if !matches!(to.scheme(), "http" | "https") {
            let why = "it leads to something that is not http";
            return Err(EgressError::Redirect { host: reply.host().to_owned(), why });
        }
        if !is_same_place(&at, &to) {
            return Ok(Arrived::Elsewhere(to));
        }
        at = to;
    }
    Err(EgressError::Redirect {
        host: at.host_str().unwrap_or_default().to_owned(),
        why: "there are too many of them",
    })
}

fn parsed(url: &str) -> Result<Url, EgressError> {
    Url::parse(url.trim()).map_err(|_| EgressError::BadUrl { why: "it is not a URL" })
}

/// The same host and port, or the same host on the way from http to https.
fn is_same_place(from: &Url, to: &Url) -> bool {
    let ports = (from.port_or_known_default(), to.port_or_known_default());
    let upgrade = from.scheme() == "http" && to.scheme() == "https" && ports == (Some(80), Some(443));
    from.host() == to.host() && (upgrade || from.scheme() == to.scheme() && ports.0 == ports.1)
}

async fn show(url: Url, reply: Reply, offset: usize) -> Result<ToolOutput, ToolError> {
    let (status, kind) = (reply.status(), reply.header("content-type").unwrap_or_default().to_owned());
    let body = reply.whole(PAGE_BYTES_MAX, BODY_TIME).await.map_err(failed)?;
    let shown = url.clone();
    // A large page takes a while, which other work on this thread should not wait for.
    let read = tokio::task::spawn_blocking(move || readable(&url, &kind, &body)).await;
    let text = read.unwrap_or_else(|_| Err(ToolError::Failed("the page could not be read".to_owned())))?;
    let head = if status < 400 { format!("<{shown}>") } else { format!("<{shown}> answered {status}") };
    Ok(answered(status, format!("{head}\n\n{}", part(&text, offset))))
}

/// The text of an answer, if it has one.
fn readable(url: &Url, content_type: &str, body: &Bytes) -> Result<String, ToolError> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let what = not_text(body).or_else(|| (!is_text(&kind)).then_some("not text"));
    // Text in UTF-16 has bytes that other text has not.
    if let Some(what) = what.filter(|_| !body.starts_with(b"\xff\xfe") && !body.starts_with(b"\xfe\xff")) {
        let kind = if kind.is_empty() { String::new() } else { format!(" ({kind})") };
        return Err(ToolError::Refused(format!(
            "{url} is {what}{kind}, {} bytes; web_fetch reads text only",
            body.len()
        )));
    }
    let text = decoded(body, content_type);
    let beginning =
        text.get(..text.floor_char_boundary(512)).unwrap_or_default().trim_start().to_ascii_lowercase();
    let is_page = kind == "text/html"
        || kind == "application/xhtml+xml"
        || kind.is_empty() && (beginning.starts_with("<!doctype html") || beginning.starts_with("<html"));
    if !is_page {
        return Ok(text);
    }
    let page = page::read(&text, url);
    let title = if page.title.is_empty() { String::new() } else { format!("Title: {}\n\n", page.title) };
    Ok(if page.text.is_empty() { format!("{title}[the page has no text]") } else { title + &page.text })
}

fn is_text(kind: &str) -> bool {
    const OTHERS: [&str; 9] =
        ["", "json", "xml", "javascript", "ecmascript", "x-javascript", "yaml", "x-yaml", "toml"];
    let Some(rest) = kind.strip_prefix("application/") else {
        return kind.is_empty() || kind.starts_with("text/");
    };
    OTHERS.contains(&rest) || rest.ends_with("+json") || rest.ends_with("+xml") || rest.ends_with("+yaml")
}

/// The part of a text from an offset, with a mark where it goes on.
fn part(text: &str, offset: usize) -> String {
    let from = text.floor_char_boundary(offset.min(text.len()));
    let rest = text.get(from..).unwrap_or_default();
    if rest.is_empty() && from > 0 {
        return format!("[there is nothing more: the text has {} bytes]", text.len());
    }
    if rest.len() <= ANSWER_BYTES_MAX {
        return rest.to_owned();
    }
    let cut = rest.floor_char_boundary(ANSWER_BYTES_MAX);
    let shown = rest.get(..cut).unwrap_or_default();
    format!(
        "{shown}\n[… the text goes on: {} of {} bytes; the next offset is {}]",
        from + cut,
        text.len(),
        from + cut
    )
}
