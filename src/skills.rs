//! Skills from `SKILL.md` files: found by name and description, read when they are needed.
