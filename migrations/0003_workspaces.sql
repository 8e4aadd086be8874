-- Assistants, workspaces, threads and messages. Keys are UUIDv7, so rows append in time order.
CREATE TABLE assistants (
    id              BLOB    NOT NULL PRIMARY KEY,
    tenant          TEXT    NOT NULL REFERENCES tenants (id),
    name            TEXT    NOT NULL,
    backend         TEXT    NOT NULL,
    model           TEXT    NOT NULL,
    system_prompt   TEXT    NOT NULL DEFAULT '',
    permission_mode TEXT    NOT NULL DEFAULT 'default',
    is_default      INTEGER NOT NULL DEFAULT 0,
    version         INTEGER NOT NULL DEFAULT 1,
    created_ms      INTEGER NOT NULL,
    updated_ms      INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE workspaces (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    name         TEXT    NOT NULL,
    assistant_id BLOB    REFERENCES assistants (id) ON DELETE SET NULL, -- NULL: the default assistant
    is_default   INTEGER NOT NULL DEFAULT 0,
    version      INTEGER NOT NULL DEFAULT 1,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE threads (
    id              BLOB    NOT NULL PRIMARY KEY,
    tenant          TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id    BLOB    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    assistant_id    BLOB    REFERENCES assistants (id) ON DELETE SET NULL, -- NULL: the workspace's assistant
    title           TEXT    NOT NULL DEFAULT '',
    session_source  TEXT,                    -- who named the session: a token's id or `owner`
    session_key     TEXT,                    -- the `session_id` of /v1 calls
    version         INTEGER NOT NULL DEFAULT 1,
    created_ms      INTEGER NOT NULL,
    updated_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX threads_by_workspace ON threads (workspace_id, id);
CREATE UNIQUE INDEX threads_by_session ON threads (tenant, session_source, session_key)
    WHERE session_key IS NOT NULL;

CREATE TABLE messages (
    id         BLOB    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    thread_id  BLOB    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    turn_id    BLOB,
    role       TEXT    NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
    content    TEXT    NOT NULL,
    thinking   TEXT    NOT NULL DEFAULT '',
    tool_calls TEXT,                         -- JSON array, NULL for none
    partial    INTEGER NOT NULL DEFAULT 0,   -- 1: the turn ended before the answer was whole
    provenance TEXT    NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX messages_by_thread ON messages (thread_id, id);
