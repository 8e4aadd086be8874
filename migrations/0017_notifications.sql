-- What people are told. One row per thing that happens again and again, with how often it did.
CREATE TABLE notifications (
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    id          BLOB    NOT NULL,
    workspace   BLOB,                        -- NULL: it concerns everything; stays when the workspace goes
    pattern     TEXT    NOT NULL,
    category    TEXT    NOT NULL CHECK (category IN ('webhook', 'experiment', 'session', 'system', 'channel')),
    severity    TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    status      TEXT    NOT NULL CHECK (status IN ('unread', 'read', 'dismissed')),
    title       TEXT    NOT NULL,            -- without its secrets
    body        TEXT    NOT NULL,            -- without its secrets
    source_type TEXT,
    source_id   TEXT,
    collapse    BLOB    NOT NULL,            -- what has the same 32 bytes is the same again
    count       INTEGER NOT NULL,
    first_ms    INTEGER NOT NULL,
    last_ms     INTEGER NOT NULL,
    read_ms     INTEGER,
    updated_ms  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_by_time ON notifications (tenant, last_ms, id);
CREATE INDEX notifications_by_collapse ON notifications (tenant, collapse, last_ms);
CREATE INDEX notifications_unread ON notifications (tenant, workspace) WHERE status = 'unread';
CREATE INDEX notifications_old ON notifications (last_ms);

-- What people want to be told, and how.
CREATE TABLE notification_rules (
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    id          BLOB    NOT NULL,
    workspace   BLOB,                        -- NULL: every workspace, and what has none
    name        TEXT    NOT NULL,
    pattern     TEXT    NOT NULL,            -- a pattern, or the beginning of some with `.*` at its end, or `*`
    severity    TEXT    NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    delivery    TEXT    NOT NULL CHECK (delivery IN ('in_app', 'email', 'push', 'channel', 'all')),
    enabled     INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    created_ms  INTEGER NOT NULL,
    updated_ms  INTEGER NOT NULL,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX notification_rules_one ON notification_rules (tenant, ifnull(workspace, x''), pattern);

-- When people want to be told. No row: always and at once.
CREATE TABLE notification_settings (
    tenant        TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    version       INTEGER NOT NULL,
    zone          TEXT    NOT NULL,          -- of the IANA database
    quiet_from    TEXT,                      -- `22:00`; both or none
    quiet_until   TEXT,
    errors_break  INTEGER NOT NULL,          -- whether errors are told in quiet hours too
    away_until_ms INTEGER,
    away_delivery TEXT    NOT NULL,
    digest_at     TEXT,                      -- `08:00`
    vapid         BLOB,                      -- the sealed key that signs for push services
    vapid_public  BLOB,
    updated_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What was promised to be sent. Claimed before it is sent, and ended after it.
CREATE TABLE notification_deliveries (
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    id           BLOB    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('notice', 'digest', 'test')),
    way          TEXT    NOT NULL CHECK (way IN ('email', 'push', 'channel')),
    target       BLOB,                       -- the browser that is subscribed
    notification BLOB,
    pattern      TEXT    NOT NULL,
    severity     TEXT    NOT NULL,
    title        TEXT    NOT NULL,
    body         TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('held', 'waiting', 'claimed', 'sent', 'unknown', 'dead', 'folded')),
    attempts     INTEGER NOT NULL,
    duplicate    INTEGER NOT NULL,           -- whether an earlier attempt may have arrived
    due_ms       INTEGER NOT NULL,
    error        TEXT    NOT NULL,
    created_ms   INTEGER NOT NULL,
    ended_ms     INTEGER,
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX notification_deliveries_due ON notification_deliveries (state, due_ms) WHERE ended_ms IS NULL;
CREATE INDEX notification_deliveries_open ON notification_deliveries (tenant, way) WHERE ended_ms IS NULL;
CREATE INDEX notification_deliveries_ended ON notification_deliveries (ended_ms) WHERE ended_ms IS NOT NULL;

-- Browsers that get pushes.
CREATE TABLE push_subscriptions (
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    id          BLOB    NOT NULL,
    endpoint    TEXT    NOT NULL,            -- at the push service of the browser
    p256dh      BLOB    NOT NULL,            -- the public key of the browser
    auth        BLOB    NOT NULL,            -- 16 bytes that browser and daemon share
    label       TEXT    NOT NULL,
    owner       TEXT    NOT NULL,            -- whose browser: owner, or a member's id
    created_ms  INTEGER NOT NULL,
    last_ms     INTEGER,                     -- of the last push that its service took
    PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX push_subscriptions_one ON push_subscriptions (tenant, endpoint);
