//! The answers that every route of a kind can give, said once: who is not let in, what cannot be read,
//! what is not there, what is too much.

use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{OpenApi, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::http::page::LIMIT_MAX;
use crate::http::problem::ProblemDocument;

/// The media type of problems.
const PROBLEM: &str = "application/problem+json";
/// The media type of errors in other shapes.
const JSON: &str = "application/json";

/// Faces with errors in shapes of their own.
const ENVELOPES: &[&str] = &["/v1/", "/sessions", "/api/workspaces/"];

/// Adds to every operation the refusals that follow from its shape, and to the parameters that
/// all lists share their bounds.
pub(super) fn add_to(document: &mut OpenApi) {
    let components = document.components.get_or_insert_default();
    let mut schemas = Vec::new();
    ProblemDocument::schemas(&mut schemas);
    schemas.push((ProblemDocument::name().into_owned(), ProblemDocument::schema()));
    components.schemas.extend(schemas);
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            for (status, description) in refusals(path, operation) {
                let responses = &mut operation.responses.responses;
                let has_envelope = ENVELOPES.iter().any(|face| path.starts_with(face));
                let refusal = if has_envelope { envelope } else { problem };
                let known =
                    responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(refusal(description)));
                let RefOr::T(known) = known else { continue };
                if has_envelope {
                    known
                        .content
                        .entry(JSON.to_owned())
                        .or_insert_with(|| ContentBuilder::new().build().into());
                }
                if !path.starts_with("/v1/") {
                    // What a route answers in a shape of its own, the edge may answer as a problem.
                    known.content.entry(PROBLEM.to_owned()).or_insert_with(|| problem_content().into());
                }
            }
            operation.parameters.iter_mut().flatten().for_each(bound);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.patch, &mut item.delete]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn refusals(path: &str, operation: &Operation) -> Vec<(&'static str, &'static str)> {
    let mut all = vec![
        ("400", "The request cannot be read"),
        ("403", "From a page of another origin, or the credential is not for this"),
        ("421", "The Host header names another machine"),
        ("429", "Too much at once, or too many failures; see Retry-After"),
        ("503", "The store is not available; nothing was changed"),
    ];
    let public = operation.security.as_ref().is_some_and(|all| {
        all.iter().any(|one| serde_json::to_value(one).is_ok_and(|one| one == serde_json::json!({})))
    });
    if !public {
        all.push(("401", "No credential, or one that is unknown, expired or revoked"));
    }
    if path.contains('{') {
        all.push(("404", "There is nothing here, or nothing that this caller may see"));
    }
    let reads_query =
        operation.parameters.iter().flatten().any(|parameter| {
            matches!(parameter, RefOr::T(Parameter { parameter_in: ParameterIn::Query, .. }))
        });
    if operation.request_body.is_some() || reads_query || path.contains("{path}") {
        all.push(("422", "A field is wrong; `errors` says which"));
    }
    if operation.request_body.is_some() {
        all.extend([
            (
                "409",
                "Another state than the request expects, or its Idempotency-Key was used for something else",
            ),
            ("413", "The body is too large"),
            ("415", "Send JSON with `Content-Type: application/json`"),
            ("507", "The disk is full; nothing was changed"),
        ]);
    }
    let changes = operation.responses.responses.keys().any(|status| status == "204" || status == "412");
    if changes || operation.request_body.is_some() {
        all.push(("412", "Somebody else changed it since; read it again"));
    }
    all
}

fn problem_content() -> Content {
    let schema = Some(RefOr::Ref(Ref::from_schema_name(ProblemDocument::name())));
    ContentBuilder::new().schema(schema).build()
}

fn problem(description: &str) -> Response {
    ResponseBuilder::new().description(description).content(PROBLEM, problem_content()).build()
}

/// The error envelope of a face whose shapes others have documented.
fn envelope(description: &str) -> Response {
    let content = ContentBuilder::new().build();
    ResponseBuilder::new().description(description).content(JSON, content).build()
}

/// `limit` and `{id}` mean the same everywhere.
fn bound(parameter: &mut RefOr<Parameter>) {
    let RefOr::T(parameter) = parameter else { return };
    if parameter.name == "limit" && parameter.parameter_in == ParameterIn::Query {
        let number = ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer));
        let schema = number.minimum(Some(1)).maximum(Some(LIMIT_MAX)).build();
        parameter.schema = Some(RefOr::T(Schema::Object(schema)));
    }
    if parameter.schema.is_none() {
        let text = Object::with_type(SchemaType::Type(Type::String));
        parameter.schema = Some(RefOr::T(Schema::Object(text)));
    }
}
