-- What assistants know: memory and skills.
-- One fact. Who sees it follows from its columns: NULL stands for all of them.
CREATE TABLE memories (
    n            INTEGER PRIMARY KEY,        -- the row of the index; it means nothing else
    id           BLOB    NOT NULL UNIQUE,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    assistant_id BLOB    REFERENCES assistants (id) ON DELETE CASCADE,
    workspace_id BLOB    REFERENCES workspaces (id) ON DELETE CASCADE, -- of a daily fact
    thread_id    BLOB    REFERENCES threads (id) ON DELETE CASCADE,    -- of a conversation's fact
    key          TEXT    NOT NULL,
    category     TEXT    NOT NULL CHECK (category IN ('core', 'daily', 'conversation', 'custom')),
    text         TEXT    NOT NULL,
    tags         TEXT    NOT NULL,           -- words with spaces between them
    source       TEXT    NOT NULL,           -- a principal's, or the turn that stored it
    provenance   TEXT    NOT NULL,           -- what it was made of; untrusted facts are fenced and never in the prompt
    version      INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX memories_by_key ON memories
    (tenant, key, coalesce(assistant_id, x''), coalesce(workspace_id, x''), coalesce(thread_id, x''));
CREATE INDEX memories_by_category ON memories (tenant, category, updated_ms);
CREATE INDEX memories_by_assistant ON memories (assistant_id) WHERE assistant_id IS NOT NULL;
CREATE INDEX memories_by_workspace ON memories (workspace_id) WHERE workspace_id IS NOT NULL;
CREATE INDEX memories_by_thread ON memories (thread_id) WHERE thread_id IS NOT NULL;

CREATE VIRTUAL TABLE memories_index USING fts5 (
    key, text, tags, content = 'memories', content_rowid = 'n', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER memories_inserted AFTER INSERT ON memories BEGIN
    INSERT INTO memories_index (rowid, key, text, tags) VALUES (new.n, new.key, new.text, new.tags);
END;
CREATE TRIGGER memories_deleted AFTER DELETE ON memories BEGIN
    INSERT INTO memories_index (memories_index, rowid, key, text, tags)
    VALUES ('delete', old.n, old.key, old.text, old.tags);
END;
CREATE TRIGGER memories_updated AFTER UPDATE ON memories BEGIN
    INSERT INTO memories_index (memories_index, rowid, key, text, tags)
    VALUES ('delete', old.n, old.key, old.text, old.tags);
    INSERT INTO memories_index (rowid, key, text, tags) VALUES (new.n, new.key, new.text, new.tags);
END;

-- What somebody decided about a skill. Skills themselves are folders.
CREATE TABLE skill_choices (
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id BLOB    NOT NULL,           -- empty for the home's own skills
    name         TEXT    NOT NULL,
    enabled      INTEGER NOT NULL,
    fingerprint  BLOB    NOT NULL,           -- of the SKILL.md that they saw; a workspace's skill is off when it differs
    decided_by   TEXT    NOT NULL,
    decided_ms   INTEGER NOT NULL,
    PRIMARY KEY (tenant, workspace_id, name)
) STRICT, WITHOUT ROWID;
