//! Known values in the forms in which they travel.
