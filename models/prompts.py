"""Which of a model's prompts stands before a query, and which before a document."""

from collections.abc import Collection, Mapping
from typing import Literal

Role = Literal["query", "document"]
# What publishers name the prompt of a role, in the order in which sentence-transformers' encode_query and
# encode_document look for it; then as Nomic's models name it.
NAMES: Mapping[Role, tuple[str, ...]] = {
    "query": ("query", "search_query"),
    "document": ("document", "passage", "corpus", "search_document"),
}


def prompt_for(names: Collection[str], role: Role) -> str | None:
    """Return which of a model's prompt names (the keys of `Manifest.prompts`) stands for a role, if one does."""
    return next((name for name in NAMES[role] if name in names), None)
