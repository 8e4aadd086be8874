//! Descriptions of the routes that are not made with their documentation: the faces for clients of OpenAI and Anthropic,
//! who document their shapes, and the document itself.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Object, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required, ResponseBuilder, Schema};

/// What is asked of models, by the faces' addresses.
const ASKED: [(&str, &str); 5] = [
    (
        "/v1/chat/completions",
        "An answer, whole or streamed, in the shape of OpenAI's chat completions; `session_id` makes it durable",
    ),
    (
        "/v1/responses",
        "An answer, whole or streamed, in the shape of OpenAI's Responses; `session_id` makes it durable",
    ),
    ("/v1/embeddings", "Texts as vectors, in OpenAI's shape"),
    (
        "/v1/messages",
        "An answer, whole or streamed, in the shape of Anthropic's Messages; `session_id` makes it durable",
    ),
    ("/v1/messages/count_tokens", "How many tokens a call would send, as far as that can be guessed"),
];

/// Adds them.
pub(super) fn add_to(document: &mut OpenApi) {
    let id =
        ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True).build();
    let reads = ["read", "chat"];
    let routes = [
        (
            "/v1/models",
            HttpMethod::Get,
            operation("Everything that `model` can name, in OpenAI's shape or Anthropic's", &reads),
        ),
        ("/v1/models/{id}", HttpMethod::Get, {
            let mut one = operation("One model, in OpenAI's shape or Anthropic's", &reads);
            one.parameters = Some(vec![RefOr::T(id)]);
            one
        }),
    ];
    let asked = ASKED.map(|(path, summary)| {
        let asked = OperationBuilder::from(operation(summary, &["chat"])).request_body(Some(request()));
        (path, HttpMethod::Post, asked.build())
    });
    for (path, method, operation) in routes.into_iter().chain(asked) {
        document.paths.paths.insert(path.to_owned(), PathItem::new(method, operation));
    }
    let mut itself = operation("This document", &[]);
    itself.security = Some(vec![SecurityRequirement::default()]);
    itself.tags = Some(vec!["status".to_owned()]);
    document.paths.paths.insert("/api/openapi.json".to_owned(), PathItem::new(HttpMethod::Get, itself));
}

/// OpenAI and Anthropic document the fields; here it is an object.
fn request() -> RequestBody {
    let object = Schema::Object(Object::with_type(SchemaType::Type(Type::Object)));
    let content = ContentBuilder::new().schema(Some(RefOr::T(object))).build();
    RequestBodyBuilder::new().content("application/json", content).required(Some(Required::True)).build()
}

/// An operation for which one of the scopes is enough.
fn operation(summary: &str, any_of: &[&str]) -> Operation {
    let securities = any_of.iter().map(|scope| SecurityRequirement::new("token", [*scope]));
    OperationBuilder::new()
        .summary(Some(summary))
        .tag("openai")
        .response("200", ResponseBuilder::new().description(summary).build())
        .securities(Some(securities))
        .build()
}
