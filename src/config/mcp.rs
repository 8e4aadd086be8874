//! `[mcp]`: MCP servers whose tools assistants use. Which servers there are is no setting: `capuchin mcp add`.

use serde::Deserialize;

use super::sections::Check;

/// See the module.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct McpConfig {
    /// Seconds until a server must have answered its first requests. Default 30; some programs are downloaded first.
    pub connect_timeout_s: u64,
    /// Seconds that one call of a tool may take. Default 120. The server is told when nobody waits any more.
    pub call_timeout_s: u64,
    /// Bytes of one message of a server. Default 4 MiB; a longer one is not read.
    pub message_bytes_max: usize,
    /// Tools of one server. Default 200; further ones are left out.
    pub tools_max: usize,
}

impl Default for McpConfig {
    fn default() -> Self {
        Self { connect_timeout_s: 30, call_timeout_s: 120, message_bytes_max: 4 << 20, tools_max: 200 }
    }
}

impl McpConfig {
    pub(super) fn validate(&self, check: &mut Check<'_>) {
        check.within("mcp.connect_timeout_s", self.connect_timeout_s, 1, 600);
        check.within("mcp.call_timeout_s", self.call_timeout_s, 1, 3_600);
        check.within("mcp.message_bytes_max", self.message_bytes_max, 4_096, 64 << 20);
        check.within("mcp.tools_max", self.tools_max, 1, 1_000);
    }
}
