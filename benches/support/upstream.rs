//! A fast model server on loopback: answers at once, whole or in pieces.

use std::convert::Infallible;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, StreamBody, combinators::BoxBody};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

const WHOLE: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"mock","choices":[{"index":0,"message":{"role":"assistant","content":"Hello from the mock upstream, word by word."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":8,"total_tokens":17}}"#;

const WORDS: [&str; 8] = ["Hello", " from", " the", " mock", " upstream,", " word", " by", " word."];

/// Serves on its own thread until the process ends; returns its address.
pub fn start() -> SocketAddr {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            send.send(listener.local_addr().expect("an address")).expect("somebody waits");
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = stream.set_nodelay(true);
                tokio::spawn(async move {
                    let service = service_fn(answer);
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
    });
    receive.recv().expect("the upstream started")
}

async fn answer(request: Request<Incoming>) -> Result<Response<BoxBody<Bytes, Infallible>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let says = |words: &[u8]| body.windows(words.len()).any(|window| window == words);
    let streams = says(br#""stream":true"#) || says(br#""stream": true"#);
    let (kind, body) = if streams { ("text/event-stream", pieces()) } else { ("application/json", whole()) };
    Ok(Response::builder().header("content-type", kind).body(body).expect("a response"))
}

fn whole() -> BoxBody<Bytes, Infallible> {
    http_body_util::Full::new(Bytes::from_static(WHOLE.as_bytes())).boxed()
}

fn pieces() -> BoxBody<Bytes, Infallible> {
    let head = r#"data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"mock","choices":[{"index":0,"delta":"#;
    let mut chunks =
        vec![format!("{head}{{\"role\":\"assistant\",\"content\":\"\"}},\"finish_reason\":null}}]}}\n\n")];
    chunks.extend(
        WORDS.map(|word| format!("{head}{{\"content\":\"{word}\"}},\"finish_reason\":null}}]}}\n\n")),
    );
    chunks.push(format!("{head}{{}},\"finish_reason\":\"stop\"}}]}}\n\n"));
    chunks.push("data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"mock\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":8,\"total_tokens\":17}}\n\ndata: [DONE]\n\n".to_owned());
    let frames = chunks.into_iter().map(|chunk| Ok(Frame::data(Bytes::from(chunk))));
    BodyExt::boxed(StreamBody::new(futures::stream::iter(frames)))
}
