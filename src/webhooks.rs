#![doc = include_str!("webhooks/README.md")]

mod columns;
mod deliveries;
mod desk;
mod dispatch;
mod endpoint;
mod error;
mod message;
mod reception;
mod refusals;
mod secret;
mod store;
mod table;
pub mod verify;
mod window;

pub use deliveries::{Delivery, DeliveryState, Queued, Waiting};
pub use desk::{EndpointView, Webhooks};
pub use endpoint::{
    Endpoint, EndpointChange, EndpointState, NewEndpoint, RATE_PER_MINUTE_DEFAULT, RATE_PER_MINUTE_MAX,
    Rotated,
};
pub use error::WebhookError;
pub use message::{MESSAGE_BYTES_MAX, Parcel};
pub use reception::{Arrived, BODY_BYTES_MAX, Reception};
pub use refusals::Refused;
pub use verify::{Reply, Source};

#[cfg(test)]
mod tests;
