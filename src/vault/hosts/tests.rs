//! Tests of hosts.
