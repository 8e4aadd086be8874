-- Sessions of programs with an agent of their own, by the thread that they answer, to be taken up again.
CREATE TABLE coder_sessions (
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    thread_id  BLOB    NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
    backend    TEXT    NOT NULL,
    session    TEXT    NOT NULL,            -- as the program calls it
    turn_id    BLOB    NOT NULL,            -- the last turn that it was told
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, thread_id, backend)
) STRICT, WITHOUT ROWID;
