//! Two tenants in one store.
