//! The Model Context Protocol, both sides: servers whose tools assistants use, and the daemon as a server.
