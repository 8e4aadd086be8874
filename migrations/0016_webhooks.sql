-- Webhooks: endpoints, and what came to them.
CREATE TABLE webhook_endpoints (
    id              BLOB    NOT NULL PRIMARY KEY,
    tenant          TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id    BLOB    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    source          TEXT    NOT NULL,        -- whose signature is verified: github, stripe, …
    state           TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'revoked')),
    secret          BLOB    NOT NULL,        -- sealed
    old_secret      BLOB,                    -- sealed; good until old_until_ms
    old_until_ms    INTEGER,
    allowed_events  TEXT    NOT NULL,        -- JSON array of patterns, empty for all
    rate_per_minute INTEGER NOT NULL,
    ceiling         TEXT    NOT NULL,        -- how far its turns may go
    instructions    TEXT    NOT NULL,        -- what to do with what comes, in the words of a person
    template        TEXT    NOT NULL,        -- how a delivery becomes a message; empty for the built-in one
    version         INTEGER NOT NULL,
    created_ms      INTEGER NOT NULL,
    updated_ms      INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_endpoints_by_workspace ON webhook_endpoints (workspace_id);

CREATE TABLE webhook_deliveries (
    id          BLOB    NOT NULL PRIMARY KEY,
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    endpoint_id BLOB    NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    content     BLOB,                        -- SHA-256 of what was signed; NULL when a person sent it again
    source_id   TEXT,                        -- the sender's own id of it
    event       TEXT    NOT NULL,
    media_type  TEXT    NOT NULL,
    body        TEXT    NOT NULL,            -- without its secrets; emptied after a while
    bytes       INTEGER NOT NULL,            -- as it came
    state       TEXT    NOT NULL CHECK (state IN ('accepted', 'dispatched', 'failed')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_ms      INTEGER NOT NULL,            -- when it is dispatched, at the earliest
    turn_id     BLOB,
    reason      TEXT    NOT NULL DEFAULT '', -- why it waits or failed
    again_of    BLOB,                        -- the delivery that a person sent again
    received_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was seen is not taken twice, under whatever id it comes.
CREATE UNIQUE INDEX webhook_deliveries_by_content ON webhook_deliveries (endpoint_id, content)
    WHERE content IS NOT NULL;
CREATE UNIQUE INDEX webhook_deliveries_by_source_id ON webhook_deliveries (endpoint_id, source_id)
    WHERE source_id IS NOT NULL;
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, id);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (tenant, endpoint_id, id) WHERE state = 'accepted';
CREATE INDEX webhook_deliveries_by_time ON webhook_deliveries (received_ms);

-- What a person wants done in a thread, and how far its turns may go whoever answers; NULL for no limit of its own.
ALTER TABLE threads ADD COLUMN brief TEXT NOT NULL DEFAULT '';
ALTER TABLE threads ADD COLUMN ceiling TEXT;
