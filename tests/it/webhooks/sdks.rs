//! The sources' own libraries as senders.
