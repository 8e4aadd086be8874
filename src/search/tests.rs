//! The index: what is found, in which order, and that it agrees with the store whatever happens.

mod language;
mod life;
mod queries;
mod support;
