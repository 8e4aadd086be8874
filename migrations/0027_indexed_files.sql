-- Files of a workspace that are found by their words: globs as JSON, ["docs/**/*.md"].
ALTER TABLE workspaces ADD COLUMN indexed_files TEXT NOT NULL DEFAULT '[]';
