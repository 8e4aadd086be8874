-- Processes that outlive a turn. Transcripts are files: DATA/processes/TENANT/ID.md.
CREATE TABLE processes (
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    id          INTEGER NOT NULL,            -- shown as eight hexadecimal digits
    kind        TEXT    NOT NULL CHECK (kind IN ('exec', 'print', 'interactive')),
    task        TEXT    NOT NULL,            -- without its secrets
    command     TEXT    NOT NULL,            -- program and arguments, without their secrets
    cwd         TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('starting', 'running', 'exited', 'killed', 'lost')),
    code        INTEGER,                     -- exit code, if it ended by itself
    signal      INTEGER,                     -- the signal that ended it
    reason      TEXT    NOT NULL,            -- in words; empty while it runs
    pid         INTEGER,
    owner       TEXT    NOT NULL,
    labels      TEXT    NOT NULL,            -- JSON: an array of texts
    source      TEXT    NOT NULL,            -- who started it: owner, a member's or a token's id, an assistant's
    workspace   BLOB,                        -- stays when the workspace goes: it is a record, not a link
    thread      BLOB,                        -- the thread whose assistant started it
    rows        INTEGER NOT NULL,            -- size of its pseudo-terminal, 0 without one
    cols        INTEGER NOT NULL,
    lines       INTEGER NOT NULL,            -- of its output
    bytes       INTEGER NOT NULL,            -- of its transcript; as many as it may have, unless its end was seen
    screen      TEXT,                        -- the last screen of its pseudo-terminal
    created_ms  INTEGER NOT NULL,
    ended_ms    INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX processes_by_time ON processes (tenant, created_ms, id);
CREATE INDEX processes_unended ON processes (tenant, state) WHERE ended_ms IS NULL;
CREATE INDEX processes_by_thread ON processes (tenant, thread) WHERE thread IS NOT NULL;
CREATE INDEX processes_by_end ON processes (ended_ms) WHERE ended_ms IS NOT NULL;
