//! The documented configuration file that `capuchin config template` prints: every setting with its
//! default, commented out.

/// See the module. A test reads it without its comment marks and finds the defaults.
pub const TEMPLATE: &str = include_str!("template.toml");
