-- The ledger of durable turns: what was accepted, what was begun, what came of it.
CREATE TABLE turns (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant        TEXT    NOT NULL REFERENCES tenants (id),
    thread_id     BLOB    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    message_id    BLOB    NOT NULL,
    source        TEXT    NOT NULL,          -- who asked: `owner`, a token's id; usage is counted on it
    state         TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'stopped', 'interrupted')),
    attempt       INTEGER NOT NULL DEFAULT 0,
    epoch         INTEGER NOT NULL,          -- the life of the daemon that owns it
    overrides     TEXT,                      -- JSON object, NULL for none
    backend       TEXT,
    model         TEXT,
    stop_reason   TEXT,
    failure       TEXT,                      -- JSON {code, message, retryable, retry_after_s}
    input_tokens  INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    created_ms    INTEGER NOT NULL,
    started_ms    INTEGER,
    ended_ms      INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX turns_by_thread ON turns (thread_id, id);
CREATE INDEX turns_pending ON turns (tenant, thread_id, id) WHERE state IN ('queued', 'running');

CREATE TABLE steps (
    turn_id     BLOB    NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,            -- 1, 2, … within the turn, over all attempts
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    kind        TEXT    NOT NULL,            -- model_call; later tool_call, approval, compaction
    state       TEXT    NOT NULL CHECK (state IN ('started', 'finished', 'failed', 'unknown')),
    detail      TEXT,
    started_ms  INTEGER NOT NULL,
    finished_ms INTEGER,
    PRIMARY KEY (turn_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id        INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- never reused: streams resume by it
    tenant    TEXT    NOT NULL REFERENCES tenants (id),
    thread_id BLOB    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    turn_id   BLOB    NOT NULL,
    kind      TEXT    NOT NULL,
    data      TEXT    NOT NULL               -- JSON object
) STRICT;

CREATE INDEX events_by_thread ON events (thread_id, id);
CREATE INDEX events_prunable ON events (id) WHERE kind IN ('delta', 'thinking');

CREATE TABLE idempotency (
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    source      TEXT    NOT NULL,            -- who uses the key, and for which call
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,            -- SHA-256 of the request
    outcome     TEXT    NOT NULL,            -- JSON, the first answer
    created_ms  INTEGER NOT NULL,
    PRIMARY KEY (tenant, source, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_time ON idempotency (created_ms);

CREATE TABLE usage (
    tenant        TEXT    NOT NULL REFERENCES tenants (id),
    day           TEXT    NOT NULL,          -- UTC, 2026-11-21
    principal     TEXT    NOT NULL,          -- `owner` or a token's id
    backend       TEXT    NOT NULL,
    model         TEXT    NOT NULL,
    calls         INTEGER NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    PRIMARY KEY (tenant, day, principal, backend, model)
) STRICT, WITHOUT ROWID;
