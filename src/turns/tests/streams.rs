//! Views of the log.
