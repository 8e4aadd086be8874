-- Budgets and what was spent of them.
CREATE TABLE budgets (
    id         BLOB    NOT NULL PRIMARY KEY,
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    name       TEXT    NOT NULL,
    subject    TEXT    NOT NULL,             -- tenant, assistant:ID, thread:ID, token:ID, each_thread, each_turn
    period     TEXT    NOT NULL CHECK (period IN ('hour', 'day', 'month', 'total')),
    turns      INTEGER,                      -- limits; NULL is no limit
    tool_calls INTEGER,
    tokens     INTEGER,
    cost_nano  INTEGER,                      -- billionths of a US dollar
    wall_ms    INTEGER,
    version    INTEGER NOT NULL DEFAULT 1,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    UNIQUE (tenant, name)
) STRICT, WITHOUT ROWID;

-- One row per budget, thread or turn where it counts each for itself, and window. `r_…` is what calls that ran
-- had reserved: a start counts it as spent. No reference to budgets: those of tokens have no row there.
CREATE TABLE budget_spend (
    tenant       TEXT    NOT NULL REFERENCES tenants (id),
    budget       BLOB    NOT NULL,
    instance     BLOB    NOT NULL,           -- 16 zeros where there is one count only
    start_ms     INTEGER NOT NULL,
    end_ms       INTEGER,                    -- NULL: never
    turns        INTEGER NOT NULL,
    tool_calls   INTEGER NOT NULL,
    tokens       INTEGER NOT NULL,
    cost_nano    INTEGER NOT NULL,
    wall_ms      INTEGER NOT NULL,
    r_turns      INTEGER NOT NULL,
    r_tool_calls INTEGER NOT NULL,
    r_tokens     INTEGER NOT NULL,
    r_cost_nano  INTEGER NOT NULL,
    r_wall_ms    INTEGER NOT NULL,
    PRIMARY KEY (tenant, budget, instance, start_ms)
) STRICT, WITHOUT ROWID;

ALTER TABLE usage ADD COLUMN cost_nano INTEGER NOT NULL DEFAULT 0; -- of calls whose price is known
