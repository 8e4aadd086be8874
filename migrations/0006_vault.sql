-- Secrets, their keys and OAuth tokens. Nothing here opens without the root key, which is elsewhere.

-- Root keys. One is active; `next` and `old` exist only while a change of the root key is under way.
CREATE TABLE vault_roots (
    id          BLOB    NOT NULL PRIMARY KEY,  -- the beginning of its check value
    source      TEXT    NOT NULL CHECK (source IN ('credential', 'keyring', 'passphrase', 'file')),
    state       TEXT    NOT NULL CHECK (state IN ('next', 'active', 'old')),
    check_value BLOB    NOT NULL,              -- HMAC under the key: tells a wrong key from damage
    salt        BLOB,                          -- these five: passphrase only
    memory_kib  INTEGER,
    passes      INTEGER,
    lanes       INTEGER,
    wrapped     BLOB,                          -- the root key under the passphrase's key
    created_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX vault_roots_active ON vault_roots (state) WHERE state = 'active';

-- Data keys, wrapped by the root key.
CREATE TABLE vault_keys (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, -- in every record that it sealed; never used again
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    purpose    TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    root_id    BLOB    NOT NULL REFERENCES vault_roots (id),
    wrapped    BLOB    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('active', 'retiring')),
    seals      INTEGER NOT NULL DEFAULT 0,     -- records sealed with it, ever
    created_ms INTEGER NOT NULL,
    UNIQUE (tenant, purpose, generation)
) STRICT;

CREATE UNIQUE INDEX vault_keys_active ON vault_keys (tenant, purpose) WHERE state = 'active';

CREATE TABLE secrets (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    name         TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    description  TEXT    NOT NULL,
    hosts        TEXT    NOT NULL,             -- JSON array: where it may be sent
    sealed       BLOB    NOT NULL,
    version      INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    rotated_ms   INTEGER,
    rotated_by   TEXT,
    last_used_ms INTEGER,
    last_used_by TEXT,
    uses         INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

-- Who used which secret for which host, by the minute.
CREATE TABLE secret_uses (
    id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant   TEXT    NOT NULL REFERENCES tenants (id),
    name     TEXT    NOT NULL,
    host     TEXT    NOT NULL,
    used_by  TEXT    NOT NULL,
    outcome  TEXT    NOT NULL,                 -- given, unknown, not_granted, broken
    count    INTEGER NOT NULL,
    first_ms INTEGER NOT NULL,
    last_ms  INTEGER NOT NULL
) STRICT;

CREATE INDEX secret_uses_by_tenant ON secret_uses (tenant, id);

CREATE TABLE oauth_tokens (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    name         TEXT    NOT NULL,             -- shares the names of secrets: @secret:NAME
    settings     TEXT    NOT NULL,             -- JSON: the provider's addresses, client id, scopes
    hosts        TEXT    NOT NULL,             -- JSON array: where the access token may be sent
    sealed       BLOB,                         -- access and refresh token; NULL until somebody agreed
    state        TEXT    NOT NULL CHECK (state IN ('new', 'ready', 'failed', 'revoked')),
    failure      TEXT,                         -- why the last refresh failed
    failures     INTEGER NOT NULL DEFAULT 0,   -- in a row
    retry_ms     INTEGER,                      -- no refresh before
    scopes       TEXT    NOT NULL,             -- what was granted
    expires_ms   INTEGER,
    refreshed_ms INTEGER,
    version      INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    created_by   TEXT    NOT NULL,
    last_used_ms INTEGER,
    last_used_by TEXT,
    uses         INTEGER NOT NULL DEFAULT 0,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;
