//! The figures of every wire, whole and streamed, however the bytes are cut.

use serde_json::json;

use super::*;

fn usage(input: u64, output: u64, cached: u64, reasoning: u64) -> Usage {
    Usage { input_tokens: input, output_tokens: output, cached_tokens: cached, reasoning_tokens: reasoning }
}

/// What is read of these bytes, in pieces of every small size.
fn read(content_type: &str, wire: &str) -> Usage {
    let of = |size: usize| {
        let mut tally = Tally::new(content_type);
        wire.as_bytes().chunks(size).for_each(|piece| tally.feed(piece));
        tally.usage(true)
    };
    let found = of(wire.len().max(1));
    assert!([1, 2, 7].into_iter().all(|size| of(size) == found));
    found
}

fn stream(events: &[Value]) -> String {
    events.iter().map(|event| format!("event: x\ndata: {event}\n\n")).collect()
}

#[test]
fn whole_answers_of_every_wire_have_their_figures() {
    for (body, expected) in [
        (
            json!({ "type": "message", "usage": { "input_tokens": 5, "cache_read_input_tokens": 3,
                "cache_creation_input_tokens": 2, "output_tokens": 7 } }),
            usage(10, 7, 3, 0),
        ),
        (
            json!({ "usage": { "prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": { "cached_tokens": 2 },
                "completion_tokens_details": { "reasoning_tokens": 1 } } }),
            usage(9, 4, 2, 1),
        ),
        (
            json!({ "object": "response", "usage": { "input_tokens": 9, "output_tokens": 4,
                "input_tokens_details": { "cached_tokens": 2 }, "output_tokens_details": { "reasoning_tokens": 1 } } }),
            usage(9, 4, 2, 1),
        ),
        (
            json!({ "usageMetadata": { "promptTokenCount": 8, "candidatesTokenCount": 3, "thoughtsTokenCount": 2,
                "cachedContentTokenCount": 1 } }),
            usage(8, 5, 1, 2),
        ),
        (
            json!([{ "usageMetadata": { "promptTokenCount": 8 } }, { "usageMetadata": { "candidatesTokenCount": 3 } }]),
            usage(8, 3, 0, 0),
        ),
        (json!({ "usage": null }), usage(0, 0, 0, 0)),
        (json!("usage"), usage(0, 0, 0, 0)),
    ] {
        assert_eq!(read("application/json; charset=utf-8", &body.to_string()), expected, "{body}");
    }
}

#[test]
fn streams_of_every_wire_have_their_last_figures() {
    let sse = "text/event-stream";
    let start = json!({ "type": "message_start", "message": { "usage": { "input_tokens": 5, "output_tokens": 1,
        "cache_read_input_tokens": 3 } } });
    let delta = json!({ "type": "message_delta", "usage": { "output_tokens": 7 } });
    assert_eq!(read(sse, &stream(&[start, json!({ "type": "ping" }), delta])), usage(8, 7, 3, 0));
    let chunk = json!({ "choices": [], "usage": { "prompt_tokens": 9, "completion_tokens": 4 } });
    let chunks = stream(&[json!({ "choices": [{}], "usage": null }), chunk]) + "data: [DONE]\n\n";
    assert_eq!(read(sse, &chunks), usage(9, 4, 0, 0));
    let done = json!({ "type": "response.completed", "response": { "usage": { "input_tokens": 9, "output_tokens": 4 } } });
    let created = json!({ "type": "response.created", "response": { "usage": null } });
    assert_eq!(read(sse, &stream(&[created, done])), usage(9, 4, 0, 0));
    let piece =
        |output: u64| json!({ "usageMetadata": { "promptTokenCount": 8, "candidatesTokenCount": output } });
    assert_eq!(read(sse, &stream(&[piece(1), piece(6)])), usage(8, 6, 0, 0));
}

#[test]
fn who_hangs_up_early_pays_for_what_came() {
    let mut tally = Tally::new("text/event-stream");
    let start = json!({ "message": { "usage": { "input_tokens": 5, "output_tokens": 1 } } });
    tally.feed(stream(&[start]).as_bytes());
    (0..30).for_each(|_| tally.feed(stream(&[json!({ "delta": "x" })]).as_bytes()));
    assert_eq!(tally.usage(false), usage(5, 31, 0, 0));
}

#[test]
fn what_cannot_be_read_has_no_figures() {
    let long = format!("{{\"usage\":{{\"prompt_tokens\":1}},\"x\":\"{}\"}}", "x".repeat(WHOLE_BYTES_MAX));
    for (content_type, body) in
        [("text/plain", "usage"), ("application/json", "{"), ("application/json", long.as_str())]
    {
        let mut tally = Tally::new(content_type);
        tally.feed(body.as_bytes());
        assert_eq!(tally.usage(true), Usage::default());
    }
}
