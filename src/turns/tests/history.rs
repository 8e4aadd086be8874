//! What goes into prompts.
