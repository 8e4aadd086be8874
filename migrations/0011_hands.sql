-- Turns with tools: what the model said before a call, what tools answered, and what a prompt leaves out.
ALTER TABLE messages ADD COLUMN signature TEXT; -- the provider's seal over `thinking`, NULL for none
ALTER TABLE messages ADD COLUMN call_id TEXT;   -- of a tool's answer: the call that it answers
ALTER TABLE messages ADD COLUMN outcome TEXT;   -- of a tool's answer: done, failed, denied or unknown

-- What a step is about: the id of a call or of a question, '' for what there is one of at a time.
ALTER TABLE steps ADD COLUMN subject TEXT NOT NULL DEFAULT '';
-- 1: since it was begun the turn got further, so that a crash now is no failed attempt.
ALTER TABLE turns ADD COLUMN progressed INTEGER NOT NULL DEFAULT 0;

-- A summary stands for the messages of its thread up to one of them in every later prompt. The messages stay.
CREATE TABLE compactions (
    id          BLOB    NOT NULL PRIMARY KEY,
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    thread_id   BLOB    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    upto        BLOB    NOT NULL,            -- the last message that the summary stands for
    summary     TEXT    NOT NULL,
    made_by     TEXT    NOT NULL,            -- backend/model, or `fallback`
    messages    INTEGER NOT NULL,            -- how many it stands for
    created_ms  INTEGER NOT NULL,
    undone_ms   INTEGER                      -- NULL while it counts
) STRICT, WITHOUT ROWID;

CREATE INDEX compactions_by_thread ON compactions (thread_id, id);
