-- Which models answer for an assistant besides its own, and when: JSON, see src/models/chain.rs.
ALTER TABLE assistants ADD COLUMN routing TEXT NOT NULL DEFAULT '{}';
