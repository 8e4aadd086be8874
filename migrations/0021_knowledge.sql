-- History of facts, learnt skills, what is known of people.
ALTER TABLE memories ADD COLUMN confidence INTEGER NOT NULL DEFAULT 100; -- percent
ALTER TABLE memories ADD COLUMN expires_ms INTEGER;
ALTER TABLE memories ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;

-- Every fact as it was after each change of it, whatever keeps the facts. A fact whose newest version is `forgotten` or
-- `expired` is none any more, and can be had back until its versions are purged.
CREATE TABLE memory_versions (
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    fact_id      BLOB    NOT NULL,
    number       INTEGER NOT NULL,
    deed         TEXT    NOT NULL
        CHECK (deed IN ('stored', 'changed', 'confirmed', 'restored', 'forgotten', 'expired', 'found')),
    done_by      TEXT    NOT NULL,           -- a principal's, or the turn that did it
    why          TEXT    NOT NULL,
    done_ms      INTEGER NOT NULL,
    assistant_id BLOB    REFERENCES assistants (id) ON DELETE CASCADE,
    workspace_id BLOB    REFERENCES workspaces (id) ON DELETE CASCADE,
    thread_id    BLOB    REFERENCES threads (id) ON DELETE CASCADE,
    key          TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    text         TEXT    NOT NULL,
    tags         TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    provenance   TEXT    NOT NULL,
    confidence   INTEGER NOT NULL,
    expires_ms   INTEGER,
    pinned       INTEGER NOT NULL,
    version      INTEGER NOT NULL,           -- of the fact, as its entity tag
    created_ms   INTEGER NOT NULL,
    updated_ms   INTEGER NOT NULL,
    PRIMARY KEY (tenant, fact_id, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX memory_versions_gone ON memory_versions (tenant, done_ms) WHERE deed IN ('forgotten', 'expired');
CREATE INDEX memory_versions_by_assistant ON memory_versions (assistant_id) WHERE assistant_id IS NOT NULL;
CREATE INDEX memory_versions_by_workspace ON memory_versions (workspace_id) WHERE workspace_id IS NOT NULL;
CREATE INDEX memory_versions_by_thread ON memory_versions (thread_id) WHERE thread_id IS NOT NULL;

-- History begins with what there is.
INSERT INTO memory_versions
SELECT tenant, id, version, 'stored', source, '', updated_ms, assistant_id, workspace_id, thread_id, key, category, text,
       tags, source, provenance, confidence, expires_ms, pinned, version, created_ms, updated_ms
FROM memories;

-- What is purged leaves no words in the index.
INSERT INTO memories_index (memories_index, rank) VALUES ('secure-delete', 1);

-- What is known about a person: sealed under the vault's key and under one of its own, which is a file.
CREATE TABLE user_profiles (
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    person     TEXT    NOT NULL,             -- `owner`, or a member's id
    id         BLOB    NOT NULL,             -- names the key's file; new after everything was forgotten
    privacy    TEXT    NOT NULL CHECK (privacy IN ('full', 'limited', 'none')),
    injection  INTEGER NOT NULL,             -- whether prompts are told
    sealed     BLOB,                         -- NULL: nothing is known
    version    INTEGER NOT NULL,             -- of what the person decided and wrote; observing does not change it
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, person)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX user_profiles_by_id ON user_profiles (tenant, id);

-- Every text of a skill of the home, with who wrote it, when and why. Skills themselves are folders.
CREATE TABLE skill_versions (
    tenant  TEXT    NOT NULL REFERENCES tenants (id),
    name    TEXT    NOT NULL,
    number  INTEGER NOT NULL,
    deed    TEXT    NOT NULL CHECK (deed IN ('learnt', 'written', 'restored', 'removed', 'found')),
    origin  TEXT    NOT NULL,                -- the experiment that it was learnt from; empty for a file
    text    TEXT    NOT NULL,
    done_by TEXT    NOT NULL,
    done_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, name, number)
) STRICT, WITHOUT ROWID;

-- In which turns a skill was given to a model: injected, or read with the tool.
CREATE TABLE skill_uses (
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    turn_id      BLOB    NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    workspace_id BLOB    NOT NULL,           -- empty for the home's own skills
    name         TEXT    NOT NULL,
    PRIMARY KEY (tenant, turn_id, workspace_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX skill_uses_by_turn ON skill_uses (turn_id);

-- What came of using a skill. One row for each turn and person, or experiment: whoever thinks again replaces it.
CREATE TABLE skill_outcomes (
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id BLOB    NOT NULL,           -- empty for the home's own skills
    name         TEXT    NOT NULL,
    kind         TEXT    NOT NULL CHECK (kind IN ('feedback', 'experiment', 'failure')),
    subject      TEXT    NOT NULL,           -- the turn and who said it, the experiment, or the turn that failed
    good         INTEGER NOT NULL,
    weight       REAL    NOT NULL,
    known_ms     INTEGER NOT NULL,
    PRIMARY KEY (tenant, workspace_id, name, kind, subject)
) STRICT, WITHOUT ROWID;
