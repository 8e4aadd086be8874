-- What happens by itself, and when it did.
CREATE TABLE schedules (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id BLOB    REFERENCES workspaces (id) ON DELETE SET NULL, -- NULL once it was deleted
    thread_id    BLOB    REFERENCES threads (id) ON DELETE SET NULL,    -- the named thread, or NULL
    name         TEXT    NOT NULL,
    rule         TEXT    NOT NULL,          -- JSON: once, every, cron or rrule
    zone         TEXT    NOT NULL,          -- IANA name
    job          TEXT    NOT NULL,          -- JSON: what is done
    place        TEXT    NOT NULL CHECK (place IN ('own', 'named', 'new')), -- in which thread
    policies     TEXT    NOT NULL,          -- JSON: catch-up, overlap, jitter, timeout, retries, …
    ceiling      TEXT,                      -- how far its turns may go; NULL for as far as the assistant
    provenance   TEXT    NOT NULL,          -- whose words its prompt is
    made_by      TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('active', 'paused', 'disabled', 'ended')),
    reason       TEXT    NOT NULL DEFAULT '', -- why it is not active
    next_ms      INTEGER,                   -- the next slot that was not looked at
    fired        INTEGER NOT NULL DEFAULT 0, -- slots that fired
    errors       INTEGER NOT NULL DEFAULT 0, -- runs in a row that failed
    version      INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX schedules_by_workspace ON schedules (workspace_id);
CREATE INDEX schedules_by_thread ON schedules (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX schedules_due ON schedules (next_ms) WHERE next_ms IS NOT NULL AND state <> 'ended';

-- One row for every slot that fired, and one for every stretch of slots that did not, with the reason.
CREATE TABLE schedule_runs (
    id          BLOB    NOT NULL PRIMARY KEY,
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    schedule_id BLOB    NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    cause       TEXT    NOT NULL CHECK (cause IN ('slot', 'manual', 'webhook')),
    slot_ms     INTEGER NOT NULL,           -- the slot, or when somebody asked for it
    until_ms    INTEGER NOT NULL,           -- the last slot that the row stands for
    slots       INTEGER NOT NULL DEFAULT 1, -- how many those are; 0 for more than are counted
    caught_up   INTEGER NOT NULL DEFAULT 0, -- 1: it was missed and is done late
    state       TEXT    NOT NULL CHECK (state IN ('due', 'running', 'parked', 'done', 'failed', 'timed_out', 'skipped',
                                                  'replaced', 'cancelled', 'unknown')),
    reason      TEXT    NOT NULL DEFAULT '',
    ending      TEXT    NOT NULL DEFAULT '', -- as what it ends once its turn has stopped
    attempt     INTEGER NOT NULL DEFAULT 0,
    due_ms      INTEGER NOT NULL,           -- when it begins, or is tried again, at the earliest
    deadline_ms INTEGER NOT NULL,           -- until when it must have begun, or ended
    parked_ms   INTEGER,                    -- since when it waits for a person
    thread_id   BLOB,
    turn_id     BLOB,
    started_ms  INTEGER,
    ended_ms    INTEGER,
    created_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- A slot fires once, whatever crashes and however clocks are set.
CREATE UNIQUE INDEX schedule_runs_by_slot ON schedule_runs (schedule_id, slot_ms) WHERE cause = 'slot';
CREATE INDEX schedule_runs_by_schedule ON schedule_runs (schedule_id, slot_ms, id);
CREATE INDEX schedule_runs_open ON schedule_runs (tenant, schedule_id) WHERE state IN ('due', 'running', 'parked');
CREATE INDEX schedule_runs_by_time ON schedule_runs (created_ms);

-- Who holds all schedules of a tenant.
CREATE TABLE schedule_holds (
    tenant   TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    by       TEXT    NOT NULL,
    since_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- With its workspace a schedule ends, and says so.
CREATE TRIGGER schedules_end_with_workspace AFTER UPDATE OF workspace_id ON schedules WHEN NEW.workspace_id IS NULL
BEGIN
    UPDATE schedules SET state = 'ended', reason = 'its workspace was deleted', next_ms = NULL, version = version + 1
    WHERE id = NEW.id;
    UPDATE schedule_runs SET state = 'cancelled', reason = 'its workspace was deleted',
                             ended_ms = CAST(unixepoch('subsec') * 1000 AS INTEGER)
    WHERE schedule_id = NEW.id AND state = 'due';
END;

-- What comes to an endpoint may start a schedule instead of a turn of its own.
ALTER TABLE webhook_endpoints ADD COLUMN schedule_id BLOB REFERENCES schedules (id) ON DELETE SET NULL;
CREATE INDEX webhook_endpoints_by_schedule ON webhook_endpoints (schedule_id) WHERE schedule_id IS NOT NULL;
