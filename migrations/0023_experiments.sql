-- Experiments and their iterations.
CREATE TABLE experiments (
    id             BLOB    NOT NULL PRIMARY KEY,
    tenant         TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id   BLOB    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    title          TEXT    NOT NULL,
    kind           TEXT    NOT NULL,            -- code, research, prompt or external
    goal           TEXT    NOT NULL,
    settings       TEXT    NOT NULL,            -- JSON
    state          TEXT    NOT NULL,
    reason         TEXT    NOT NULL DEFAULT 'none',
    stopping       INTEGER NOT NULL DEFAULT 0,  -- whether it ends after this round
    source         TEXT    NOT NULL,            -- who made it: owner, the id of a member or a token, schedule:ID
    provenance     TEXT    NOT NULL,
    iterations_max INTEGER NOT NULL,
    time_budget_ms INTEGER NOT NULL,
    iteration      INTEGER NOT NULL DEFAULT 0,  -- the last one that began
    best           INTEGER,                     -- the accepted one that counts
    base           TEXT,                        -- the commit that holds the workspace as it was
    baseline       TEXT,                        -- JSON: what was measured on it
    approval_id    BLOB,
    answer         TEXT,                        -- what a person said at the gate: accept, reject or continue
    applied        TEXT    NOT NULL DEFAULT 'no', -- no, applying, yes, undoing or undone
    result         TEXT,                        -- JSON
    version        INTEGER NOT NULL DEFAULT 1,
    created_ms     INTEGER NOT NULL,
    started_ms     INTEGER,
    deadline_ms    INTEGER,
    ended_ms       INTEGER,
    updated_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX experiments_by_workspace ON experiments (workspace_id);
CREATE INDEX experiments_live ON experiments (tenant, id)
    WHERE state IN ('running', 'evaluating', 'awaiting_human');

CREATE TABLE experiment_iterations (
    tenant        TEXT    NOT NULL REFERENCES tenants (id),
    experiment_id BLOB    NOT NULL REFERENCES experiments (id) ON DELETE CASCADE,
    number        INTEGER NOT NULL,
    round         INTEGER NOT NULL,             -- those of one round run beside each other
    status        TEXT    NOT NULL,
    reason        TEXT    NOT NULL DEFAULT 'none',
    parent        TEXT    NOT NULL,             -- the commit that it began from
    tree          TEXT,                         -- the commit that it left
    thread_id     BLOB,
    turn_id       BLOB,
    prompt        TEXT    NOT NULL DEFAULT '',
    answer        TEXT    NOT NULL DEFAULT '',  -- what the model said; never counts as a result
    score         REAL,
    summary       TEXT    NOT NULL DEFAULT '',
    evaluation    TEXT,                         -- JSON
    diff          TEXT,                         -- JSON: what changed, and what of it was out of scope
    tokens        INTEGER NOT NULL DEFAULT 0,
    tool_calls    INTEGER NOT NULL DEFAULT 0,
    started_ms    INTEGER NOT NULL,
    ended_ms      INTEGER,
    PRIMARY KEY (tenant, experiment_id, number)
) STRICT, WITHOUT ROWID;
