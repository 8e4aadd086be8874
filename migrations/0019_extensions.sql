-- What plugs put before the message of a turn, and what they put in its place.
CREATE TABLE injections (
    id         BLOB    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    thread_id  BLOB    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    turn_id    BLOB    NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    instead    INTEGER NOT NULL,             -- 1: the model gets it and not what was written
    plug       TEXT    NOT NULL,
    key        TEXT    NOT NULL,             -- what it is: once in a thread
    title      TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    provenance TEXT    NOT NULL,
    sources    TEXT    NOT NULL,             -- JSON [{kind, id}]
    created_ms INTEGER NOT NULL,
    removed_ms INTEGER                       -- since then a person keeps it out of the thread
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX injections_by_key ON injections (thread_id, key);
CREATE INDEX injections_by_turn ON injections (turn_id);
