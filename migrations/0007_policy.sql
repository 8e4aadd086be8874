-- Rules, approvals and the kill switch.
CREATE TABLE policies (
    tenant       TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    version      INTEGER NOT NULL,           -- counts changes; no row is version 1, balanced, without rules
    approvals    TEXT    NOT NULL,           -- off, on_miss, always
    autonomy_max TEXT    NOT NULL,           -- read_only, supervised, full
    updated_ms   INTEGER NOT NULL,
    updated_by   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_rules (
    id     BLOB NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (id),
    rule   TEXT NOT NULL                     -- JSON object; read as a whole, so one column
) STRICT, WITHOUT ROWID;

CREATE INDEX policy_rules_by_tenant ON policy_rules (tenant, id);

CREATE TABLE kill_switches (
    tenant   TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id), -- a row means that it is engaged
    by       TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    thread_id    BLOB    REFERENCES threads (id) ON DELETE SET NULL, -- NULL: asked by a program, or the thread is gone
    turn_id      BLOB,                       -- NULL: asked by a program
    workspace_id BLOB,
    assistant_id BLOB,
    source       TEXT    NOT NULL,           -- who caused it: `owner`, the id of a member or a token, …
    source_kind  TEXT    NOT NULL,
    actions      TEXT    NOT NULL,           -- JSON array of typed actions
    payload      TEXT    NOT NULL,           -- the bytes that go with them, exactly
    shown        TEXT    NOT NULL,           -- both, as a person sees them
    digest       BLOB    NOT NULL,           -- SHA-256 of actions and payload
    why          TEXT    NOT NULL,
    rule_id      BLOB,                       -- the rule that said to ask
    tainted      INTEGER NOT NULL,           -- 1: the turn had read untrusted text
    requested_ms INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'allowed', 'denied', 'expired')),
    scope        TEXT    CHECK (scope IN ('once', 'thread', 'always')),
    decided_by   TEXT,
    decided_ms   INTEGER,
    reason       TEXT    NOT NULL DEFAULT '',
    made_rule_id BLOB,                       -- the rule that the decision made
    used_ms      INTEGER                     -- when the action was begun: an approval is good for one
) STRICT, WITHOUT ROWID;

CREATE INDEX approvals_pending ON approvals (tenant, expires_ms, id) WHERE state = 'pending';
CREATE INDEX approvals_by_expiry ON approvals (tenant, expires_ms, id);
CREATE INDEX approvals_by_thread ON approvals (thread_id) WHERE thread_id IS NOT NULL;
-- Asked again after a restart, the same question is found and not made.
CREATE UNIQUE INDEX approvals_of_turn ON approvals (tenant, turn_id, digest)
    WHERE turn_id IS NOT NULL AND used_ms IS NULL;

ALTER TABLE assistants ADD COLUMN autonomy TEXT NOT NULL DEFAULT 'supervised';

-- A turn that a restart interrupts while it waits for a person has not used up one of its attempts.
ALTER TABLE turns ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turns ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;

-- Whether a thread has untrusted text, without reading its messages.
CREATE INDEX messages_untrusted ON messages (tenant, thread_id, id)
    WHERE provenance IN ('stranger', 'tool', 'web', 'webhook');
