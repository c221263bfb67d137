"""The scopes of keys. A route requires one of them, or none; no scope includes another."""

from typing import Literal

KeyScope = Literal["embed", "search", "write", "admin"]
KEY_SCOPES: tuple[KeyScope, ...] = ("embed", "search", "write", "admin")
