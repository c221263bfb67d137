"""From filters as callers give them to the conditions of reads and deletions."""

from typing import Any

from index.errors import FilterError
from index.filters.parsing import parse_filter
from index.filters.tautology import holds_for_all
from index.filters.tree import Condition


def condition_of(filter_: dict[str, Any] | None) -> Condition | None:
    """Return what must hold of a document, or raise FilterError; None, as of a filter that says nothing, is nothing."""
    return parse_filter(filter_) if filter_ else None


def deletion_of(filter_: dict[str, Any]) -> Condition:
    """Return which documents to delete, or raise FilterError: where it is no filter, or its form takes them all."""
    condition = parse_filter(filter_)
    if holds_for_all(condition):
        raise FilterError("this filter would delete every document; dropping the collection does that")
    return condition
