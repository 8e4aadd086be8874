//! turns.
