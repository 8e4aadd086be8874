//! assistants.
