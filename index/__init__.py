"""The documents' room: durable storage, approximate search, filters and full text.

Knows nothing of HTTP or of models: it takes documents with unit vectors and gives hits. Imports no other room.
The names of the front door stand in `public.py`. The first one that is asked for loads them all, since an import made
later would fail where descriptors have run out; `python -m index --help` asks for none.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.public import *  # noqa: F403 - the list stands there
else:

    def __getattr__(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(importlib.import_module("index.public"), name)
