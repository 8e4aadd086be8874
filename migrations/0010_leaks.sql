-- Where the scanner took secrets out of texts: what kind and how often, never a value.
CREATE TABLE leaks (
    id        BLOB    NOT NULL PRIMARY KEY,  -- UUID version 7: the order of time
    tenant    TEXT    NOT NULL REFERENCES tenants (id),
    at_ms     INTEGER NOT NULL,
    place     TEXT    NOT NULL,              -- prompt, message, answer, thinking, tool, log, audit, export …
    kind      TEXT    NOT NULL,              -- github_token …; vault:NAME for a stored secret
    thread_id BLOB,                          -- stays when the thread goes: it is a record, not a link
    count     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX leaks_by_tenant ON leaks (tenant, id);
CREATE INDEX leaks_by_time ON leaks (at_ms);
