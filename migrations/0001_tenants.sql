-- Tenants, and the lives of the daemon. `epoch` fences writes of an earlier life.
CREATE TABLE tenants (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO tenants (id, name, created_ms) VALUES ('home', 'Home', 0);

CREATE TABLE boots (
    epoch      INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    started_ms INTEGER NOT NULL,
    version    TEXT    NOT NULL
) STRICT;
