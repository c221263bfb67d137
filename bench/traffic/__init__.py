"""The load generator: connections, dialects, loops, and what is recorded of every answer."""
