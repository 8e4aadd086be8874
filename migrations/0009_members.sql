-- People: members, passkeys, second factors, devices. The owner is the member with that role.
CREATE TABLE members (
    id         BLOB    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    name       TEXT    NOT NULL COLLATE NOCASE,
    role       TEXT    NOT NULL CHECK (role IN ('owner', 'member')),
    state      TEXT    NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    phc        TEXT,                         -- Argon2id PHC string, NULL without a password
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX members_one_owner ON members (tenant) WHERE role = 'owner';

INSERT INTO members (id, tenant, name, role, state, phc, created_ms, updated_ms)
SELECT randomblob(16), tenants.id, 'owner', 'owner', 'active', passwords.phc, tenants.created_ms,
       coalesce(passwords.updated_ms, tenants.created_ms)
FROM tenants LEFT JOIN passwords ON passwords.tenant = tenants.id;

DROP TABLE passwords;

CREATE TABLE invites (
    member     BLOB    NOT NULL PRIMARY KEY REFERENCES members (id) ON DELETE CASCADE,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    hash       BLOB    NOT NULL UNIQUE,      -- SHA-256 of the link's token
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE passkeys (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant        TEXT    NOT NULL REFERENCES tenants (id),
    member        BLOB    NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    name          TEXT    NOT NULL,
    host          TEXT    NOT NULL,          -- the relying party: the name under which it works
    credential_id BLOB    NOT NULL,
    credential    TEXT    NOT NULL,          -- JSON: public key, counter, flags
    created_ms    INTEGER NOT NULL,
    last_used_ms  INTEGER,
    UNIQUE (tenant, credential_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX passkeys_by_member ON passkeys (member);

CREATE TABLE second_factors (
    member     BLOB    NOT NULL PRIMARY KEY REFERENCES members (id) ON DELETE CASCADE,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    seed       BLOB    NOT NULL,             -- sealed by the vault
    last_step  INTEGER NOT NULL,             -- the step of the last code: no code works twice
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_keys (
    member     BLOB    NOT NULL PRIMARY KEY REFERENCES members (id) ON DELETE CASCADE,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    hash       BLOB    NOT NULL UNIQUE,      -- SHA-256 of 160 random bits
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Browser sessions now belong to a person; those of before end.
DROP TABLE web_sessions;

CREATE TABLE web_sessions (
    hash         BLOB    NOT NULL PRIMARY KEY, -- SHA-256 of the cookie's value
    id           BLOB    NOT NULL UNIQUE,
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    member       BLOB    NOT NULL REFERENCES members (id) ON DELETE CASCADE,
    means        TEXT    NOT NULL,           -- what opened it: passkey, password, …
    agent        TEXT    NOT NULL,           -- browser and system, in a few words
    address      TEXT    NOT NULL,           -- where it was opened
    created_ms   INTEGER NOT NULL,
    proved_ms    INTEGER NOT NULL,           -- the last fresh proof of who it is
    last_seen_ms INTEGER NOT NULL,
    expires_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX web_sessions_by_member ON web_sessions (member);

-- Whose device a token is for; NULL: made by the owner or another program.
ALTER TABLE tokens ADD COLUMN member BLOB REFERENCES members (id) ON DELETE CASCADE;
ALTER TABLE tokens ADD COLUMN last_used_from TEXT;
