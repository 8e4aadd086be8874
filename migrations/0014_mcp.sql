-- MCP servers.
CREATE TABLE mcp_servers (
    id            BLOB    NOT NULL PRIMARY KEY,
    tenant        TEXT    NOT NULL REFERENCES tenants (id),
    workspace_id  BLOB    REFERENCES workspaces (id) ON DELETE CASCADE, -- NULL: in every workspace
    name          TEXT    NOT NULL,          -- a-z 0-9 _ -, and never another one with _ for -
    transport     TEXT    NOT NULL,          -- JSON: a program and its arguments, or an address and its headers
    enabled       INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    trusted       INTEGER NOT NULL CHECK (trusted IN (0, 1)), -- whether its hints about its tools are believed
    allowed_tools TEXT,                      -- JSON list of names, NULL for all
    pinned        INTEGER NOT NULL CHECK (pinned IN (0, 1)),  -- whether its first list of tools was taken
    version       INTEGER NOT NULL,
    created_ms    INTEGER NOT NULL,
    updated_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX mcp_servers_by_name ON mcp_servers (tenant, replace(name, '-', '_'));

-- What a tool said about itself when a person accepted it. Another hash is withheld.
CREATE TABLE mcp_tools (
    tenant      TEXT    NOT NULL REFERENCES tenants (id),
    server_id   BLOB    NOT NULL REFERENCES mcp_servers (id) ON DELETE CASCADE,
    name        TEXT    NOT NULL,            -- as the server calls it
    hash        BLOB    NOT NULL,            -- SHA-256 of name, description, schema and hints
    description TEXT    NOT NULL,
    accepted_ms INTEGER NOT NULL,
    accepted_by TEXT    NOT NULL,            -- `first` for those of the first list
    PRIMARY KEY (tenant, server_id, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX mcp_tools_by_server ON mcp_tools (server_id);
