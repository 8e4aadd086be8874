-- What messages mean, as a model says it: vectors for semantic search. Made of the messages and gone with them.
CREATE TABLE embedding_models (
    n       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    tenant  TEXT    NOT NULL REFERENCES tenants (id),
    name    TEXT    NOT NULL,                -- backend/model
    figures INTEGER NOT NULL,                -- how many a vector has
    UNIQUE (tenant, name, figures)
) STRICT;

CREATE TABLE embeddings (
    model      INTEGER NOT NULL REFERENCES embedding_models (n),
    message_id BLOB    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    tenant     TEXT    NOT NULL,
    vector     BLOB    NOT NULL,             -- a byte per figure, -127 to 127, the largest of a vector is one of these
    PRIMARY KEY (model, message_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX embeddings_by_message ON embeddings (message_id);

-- Other words mean something else.
CREATE TRIGGER messages_meaning_changed AFTER UPDATE OF role, content ON messages
BEGIN DELETE FROM embeddings WHERE message_id = new.id; END;
