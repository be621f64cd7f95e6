"""What a channel is, and how messages are sent by its MCP server."""
