//! What a server answers, as text for a model: everything that is no text is named and not shown.

use rmcp::model::{CallToolResult, ContentBlock, ResourceContents};

use super::offer::plain_text;

/// The answer of a tool.
pub(super) fn answer(result: &CallToolResult) -> String {
    let mut parts: Vec<String> = result.content.iter().map(block).collect();
    // Servers repeat structured content as text for clients that do not know it; those that do not, have only it.
    if parts.is_empty()
        && let Some(value) = &result.structured_content
    {
        parts.push(value.to_string());
    }
    if parts.is_empty() { "(it answered nothing)".to_owned() } else { parts.join("\n") }
}

/// One part of an answer.
pub(super) fn block(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => text.text.clone(),
        ContentBlock::Image(image) => named("an image", &image.mime_type, image.data.len()),
        ContentBlock::Audio(audio) => named("a sound", &audio.mime_type, audio.data.len()),
        ContentBlock::Resource(resource) => contents(&resource.resource),
        ContentBlock::ResourceLink(link) => format!("[a resource: {}]", plain_text(&link.uri, 500)),
        _ => "[something of a kind that is not known here]".to_owned(),
    }
}

/// One part of a resource.
pub(super) fn contents(contents: &ResourceContents) -> String {
    match contents {
        ResourceContents::TextResourceContents { text, .. } => text.clone(),
        ResourceContents::BlobResourceContents { mime_type, blob, .. } => {
            named("a file", mime_type.as_deref().unwrap_or("of no kind"), blob.len())
        }
        _ => "[something of a kind that is not known here]".to_owned(),
    }
}

fn named(what: &str, kind: &str, base64_bytes: usize) -> String {
    format!("[{what}, {}, {} bytes; not shown]", plain_text(kind, 100), base64_bytes / 4 * 3)
}
