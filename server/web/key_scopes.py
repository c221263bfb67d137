"""What a key may allow. Each route wants one of these, or none; they do not contain each other."""

from typing import Literal

KeyScope = Literal["embed", "search", "write", "admin"]
KEY_SCOPES: tuple[KeyScope, ...] = ("embed", "search", "write", "admin")
