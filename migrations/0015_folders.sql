-- Where a workspace works: a folder of a person, or NULL for one of the daemon's own.
ALTER TABLE workspaces ADD COLUMN root TEXT;
