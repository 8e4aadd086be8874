//! Descriptions of the routes that are not made with their documentation: the OpenAI face, whose shapes
//! OpenAI documents, and the document itself.

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{Object, SchemaType, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{OpenApi, PathItem, RefOr, Required, ResponseBuilder, Schema};

/// Adds them.
pub(super) fn add_to(document: &mut OpenApi) {
    let id =
        ParameterBuilder::new().name("id").parameter_in(ParameterIn::Path).required(Required::True).build();
    let reads = ["read", "chat"];
    let routes = [
        (
            "/v1/models",
            HttpMethod::Get,
            operation("Everything that `model` can name, in OpenAI's shape", &reads),
        ),
        ("/v1/models/{id}", HttpMethod::Get, {
            let mut one = operation("One model, in OpenAI's shape", &reads);
            one.parameters = Some(vec![RefOr::T(id)]);
            one
        }),
        (
            "/v1/chat/completions",
            HttpMethod::Post,
            OperationBuilder::from(operation(
                "An answer, whole or streamed, in OpenAI's shape; `session_id` makes it durable",
                &["chat"],
            ))
            .request_body(Some(chat_request()))
            .build(),
        ),
    ];
    for (path, method, operation) in routes {
        document.paths.paths.insert(path.to_owned(), PathItem::new(method, operation));
    }
    let mut itself = operation("This document", &[]);
    itself.security = Some(vec![SecurityRequirement::default()]);
    itself.tags = Some(vec!["status".to_owned()]);
    document.paths.paths.insert("/api/openapi.json".to_owned(), PathItem::new(HttpMethod::Get, itself));
}

/// OpenAI documents its fields; here it is an object.
fn chat_request() -> RequestBody {
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
