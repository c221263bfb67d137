"""The decorators of vecd's own handlers, which refuse parameters that they do not know."""

from server.dialects.asked import decorator

on_get, on_post = decorator("GET", "HEAD", strict=True), decorator("POST", strict=True)
on_put, on_patch = decorator("PUT", strict=True), decorator("PATCH", strict=True)
on_delete = decorator("DELETE", strict=True)
