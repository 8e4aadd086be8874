//! Child processes in a cage: what they may read, write, run and reach, and how they end.
