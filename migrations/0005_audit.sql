-- The audit trail: one hash chain per tenant. Rows are added and never change; the verifier does not rely on the
-- triggers, they keep mistakes of our own out.
CREATE TABLE audit (
    tenant    TEXT    NOT NULL REFERENCES tenants (id),
    seq       INTEGER NOT NULL,              -- 1, 2, … without gaps
    version   INTEGER NOT NULL,              -- of the encoding under the hash
    at_ms     INTEGER NOT NULL,
    actor     TEXT    NOT NULL,
    principal TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    outcome   TEXT    NOT NULL,
    reason    TEXT    NOT NULL,
    detail    TEXT    NOT NULL,              -- canonical JSON object
    prev      BLOB    NOT NULL,              -- hash of the entry before, 32 zeros before the first
    hash      BLOB    NOT NULL,              -- SHA-256 over all other columns
    PRIMARY KEY (tenant, seq)
) STRICT, WITHOUT ROWID;

-- The end of each chain, so that a missing end shows.
CREATE TABLE audit_heads (
    tenant TEXT    NOT NULL PRIMARY KEY REFERENCES tenants (id),
    seq    INTEGER NOT NULL,
    hash   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TRIGGER audit_never_changes BEFORE UPDATE ON audit
BEGIN SELECT raise(ABORT, 'an audit entry never changes'); END;
CREATE TRIGGER audit_never_shrinks BEFORE DELETE ON audit
BEGIN SELECT raise(ABORT, 'an audit entry is never deleted'); END;
CREATE TRIGGER audit_heads_stay BEFORE DELETE ON audit_heads
BEGIN SELECT raise(ABORT, 'the end of an audit chain is never deleted'); END;
CREATE TRIGGER audit_heads_move_by_one BEFORE UPDATE ON audit_heads
WHEN new.tenant <> old.tenant OR new.seq <> old.seq + 1
BEGIN SELECT raise(ABORT, 'an audit chain grows by one entry at a time'); END;
