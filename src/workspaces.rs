//! workspaces.
