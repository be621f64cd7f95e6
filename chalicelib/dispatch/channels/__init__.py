"""What a channel is, and how messages are handed to its MCP server."""
