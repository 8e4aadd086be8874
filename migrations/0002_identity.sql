-- Who may come in. Hashes only: no value here opens anything.
CREATE TABLE passwords (
    tenant     TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    phc        TEXT    NOT NULL,             -- Argon2id PHC string
    updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    id           BLOB    NOT NULL PRIMARY KEY,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    name         TEXT    NOT NULL,
    hash         BLOB    NOT NULL UNIQUE,    -- SHA-256 of the token (256 random bits)
    scopes       TEXT    NOT NULL,           -- comma-separated words
    assistant    TEXT,                       -- name of the only assistant that it may use
    budget_usd   REAL,
    created_ms   INTEGER NOT NULL,
    expires_ms   INTEGER,
    last_used_ms INTEGER,
    revoked_ms   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE web_sessions (
    hash         BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    created_ms   INTEGER NOT NULL,
    last_seen_ms INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
