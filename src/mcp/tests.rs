//! Servers of every kind, good, slow and hostile, behind streams in memory.

mod support;

mod contained;
mod importing;
mod offering;
mod talking;
