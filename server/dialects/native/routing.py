"""The decorators of vecd's own handlers, which refuse what they do not know."""

from server.dialects.asked import decorator

got, posted = decorator("GET", "HEAD", strict=True), decorator("POST", strict=True)
replaced, patched = decorator("PUT", strict=True), decorator("PATCH", strict=True)
deleted = decorator("DELETE", strict=True)
