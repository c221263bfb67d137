"""The view: a copy of the vectors in memory and an approximate graph over them. It may be lost at any time."""

from index.view import libstdcxx  # noqa: F401 - before any module of this room loads USearch
