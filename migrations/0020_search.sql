-- What changed, for the index of full text, and messages that were taken in from elsewhere.
-- One row per change. It names what changed and not how: the index asks for the thing as it is now. Numbers are never
-- used again, and the row of the last change that an index holds stays, so that an older copy of this file shows.
CREATE TABLE search_changes (
    n      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant TEXT    NOT NULL,
    kind   TEXT    NOT NULL,                 -- message, thread (all of its messages), memory
    id     BLOB    NOT NULL
) STRICT;

CREATE TRIGGER messages_searchable AFTER INSERT ON messages
BEGIN INSERT INTO search_changes (tenant, kind, id) VALUES (new.tenant, 'message', new.id); END;
CREATE TRIGGER messages_searchable_changed AFTER UPDATE OF role, content, author ON messages
BEGIN INSERT INTO search_changes (tenant, kind, id) VALUES (new.tenant, 'message', new.id); END;
CREATE TRIGGER messages_searchable_gone AFTER DELETE ON messages
BEGIN INSERT INTO search_changes (tenant, kind, id) VALUES (old.tenant, 'message', old.id); END;

CREATE TRIGGER threads_searchable_moved AFTER UPDATE OF workspace_id, assistant_id ON threads
WHEN new.workspace_id <> old.workspace_id OR new.assistant_id IS NOT old.assistant_id
BEGIN INSERT INTO search_changes (tenant, kind, id) VALUES (new.tenant, 'thread', new.id); END;

CREATE TRIGGER memories_searchable AFTER INSERT ON memories
BEGIN INSERT INTO search_changes (tenant, kind, id) VALUES (new.tenant, 'memory', new.id); END;
CREATE TRIGGER memories_searchable_changed AFTER UPDATE ON memories
BEGIN INSERT INTO search_changes (tenant, kind, id) VALUES (new.tenant, 'memory', new.id); END;
CREATE TRIGGER memories_searchable_gone AFTER DELETE ON memories
BEGIN INSERT INTO search_changes (tenant, kind, id) VALUES (old.tenant, 'memory', old.id); END;

-- Who said it, where somebody outside said it; and what makes an imported line the same line again.
ALTER TABLE messages ADD COLUMN author TEXT;
ALTER TABLE messages ADD COLUMN import_key BLOB;
CREATE UNIQUE INDEX messages_imported ON messages (thread_id, import_key) WHERE import_key IS NOT NULL;
