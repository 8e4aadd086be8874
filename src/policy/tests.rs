//! The policy against its store.
