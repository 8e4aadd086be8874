-- Models that backends offer, as far as anybody said.
CREATE TABLE models (
    tenant         TEXT    NOT NULL REFERENCES tenants (id),
    backend        TEXT    NOT NULL,
    provider       TEXT    NOT NULL,
    model          TEXT    NOT NULL,            -- as the provider calls it
    display_name   TEXT    NOT NULL,
    context_tokens INTEGER,                     -- NULL wherever nobody said
    output_tokens  INTEGER,
    tools          INTEGER CHECK (tools IN (0, 1)),
    images         INTEGER CHECK (images IN (0, 1)),
    thinking       INTEGER CHECK (thinking IN (0, 1)),
    input_nano     INTEGER,                     -- billionths of a dollar per token, as the provider's list says
    output_nano    INTEGER,
    cached_nano    INTEGER,
    state          TEXT    NOT NULL,            -- available, deprecated or gone
    source         TEXT    NOT NULL,            -- baseline, session, probe or refresh
    published_s    INTEGER NOT NULL,            -- 0 when unknown
    seen_ms        INTEGER NOT NULL,            -- 0 for what is only in the binary
    PRIMARY KEY (tenant, backend, provider, model)
) STRICT, WITHOUT ROWID;

-- How often a backend is asked for its list, where somebody changed that.
CREATE TABLE model_probes (
    tenant     TEXT    NOT NULL REFERENCES tenants (id),
    backend    TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    enabled    INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    every_s    INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, backend, provider)
) STRICT, WITHOUT ROWID;
