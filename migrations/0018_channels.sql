-- Channels: chat platforms, who may talk there, what came, and what is owed.
CREATE TABLE channels (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id BLOB    NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name         TEXT    NOT NULL,
    platform     TEXT    NOT NULL,
    enabled      INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    settings     TEXT    NOT NULL,          -- JSON object: everything that is no secret
    credentials  BLOB    NOT NULL,          -- sealed: a JSON object of names and values
    version      INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL,
    cursor       INTEGER NOT NULL DEFAULT 0, -- where the next poll begins
    counted_by   TEXT    NOT NULL DEFAULT '', -- what gave that number, where it could be another: mailbox and UIDVALIDITY
    epoch        INTEGER NOT NULL DEFAULT 0, -- of the newest lease: older ones write nothing any more
    holder       TEXT,                       -- who holds the lease
    held_until_ms INTEGER NOT NULL DEFAULT 0,
    session      TEXT,                       -- JSON: what the next connection goes on with (Discord)
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX channels_by_workspace ON channels (workspace_id);

CREATE TABLE channel_senders (
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    channel_id BLOB    NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    sender     TEXT    NOT NULL,            -- the platform's id of the person
    name       TEXT    NOT NULL,            -- as they call themselves
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'approved', 'blocked')),
    decides    INTEGER NOT NULL CHECK (decides IN (0, 1)), -- whether their word answers questions
    code       TEXT,                        -- what a stranger shows the owner
    code_until_ms INTEGER NOT NULL DEFAULT 0,
    created_ms INTEGER NOT NULL,
    changed_by TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, channel_id, sender)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_senders_by_channel ON channel_senders (channel_id);

CREATE TABLE channel_conversations (
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    channel_id   BLOB    NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    conversation TEXT    NOT NULL,          -- where replies go
    number       INTEGER NOT NULL,          -- counts its threads: a person can begin anew
    thread_id    BLOB    REFERENCES threads (id) ON DELETE SET NULL,
    direct       INTEGER NOT NULL CHECK (direct IN (0, 1)),
    person       TEXT,                      -- who talks there, where nobody else does
    model        TEXT,                      -- `backend/model`, if a person chose one
    PRIMARY KEY (tenant, channel_id, conversation)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_conversations_by_channel ON channel_conversations (channel_id);
CREATE INDEX channel_conversations_by_thread ON channel_conversations (thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE channel_inbox (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    channel_id   BLOB    NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    platform_id  TEXT    NOT NULL,
    conversation TEXT    NOT NULL,
    incoming     TEXT    NOT NULL,          -- JSON, without its secrets
    state        TEXT    NOT NULL CHECK (state IN ('new', 'done')),
    outcome      TEXT    NOT NULL DEFAULT '',
    turn_id      BLOB,
    draft        TEXT,                      -- the message in which the answer grows; '' while nobody knows
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_ms       INTEGER NOT NULL,
    received_ms  INTEGER NOT NULL,
    UNIQUE (channel_id, platform_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX channel_inbox_new ON channel_inbox (tenant, channel_id, id) WHERE state = 'new';
CREATE INDEX channel_inbox_by_conversation ON channel_inbox (channel_id, conversation, id);
CREATE INDEX channel_inbox_by_time ON channel_inbox (received_ms);
CREATE INDEX channel_inbox_by_turn ON channel_inbox (turn_id) WHERE turn_id IS NOT NULL;

-- What must reach somebody, recorded before it is sent.
CREATE TABLE obligations (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    channel_id   BLOB    NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
    conversation TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('say', 'question', 'close')),
    body         TEXT    NOT NULL,          -- Markdown
    approval_id  BLOB,                      -- the question
    turn_id      BLOB,                      -- what it answers
    sent_parts   INTEGER NOT NULL DEFAULT 0,
    in_flight    INTEGER NOT NULL DEFAULT 0, -- 1: a part was handed over, and nobody knows what became of it
    doubtful     INTEGER NOT NULL DEFAULT 0, -- 1: some of it may have been sent twice
    messages     TEXT    NOT NULL DEFAULT '[]', -- JSON: the platform's ids of the parts
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'dead')),
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_ms       INTEGER NOT NULL,
    reason       TEXT    NOT NULL DEFAULT '', -- why it waits or is dead
    created_ms   INTEGER NOT NULL,
    ended_ms     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX obligations_pending ON obligations (tenant, channel_id, conversation, id) WHERE state = 'pending';
CREATE INDEX obligations_by_channel ON obligations (channel_id, id);
CREATE INDEX obligations_by_approval ON obligations (approval_id) WHERE approval_id IS NOT NULL;
CREATE INDEX obligations_by_time ON obligations (created_ms);
CREATE INDEX obligations_undelivered ON obligations (tenant, id) WHERE state <> 'sent';
