"""Front matter: the YAML between two lines of `---` at the beginning of a text, as metadata.

Scalars are read by the core schema of YAML 1.2 and dates, so that `no` stays a word and `12:30` no number of seconds.
"""

import re
from typing import Any

import msgspec
import yaml

from index.sources.values import fields_of

MAX_CHARACTERS = 64 << 10  # metadata takes no more
MAX_DEPTH = 32
BEGIN, END = "---", ("---", "...")
TAG = "tag:yaml.org,2002:"


class Loader(yaml.SafeLoader):
    """Builds plain values alone, and refuses aliases, of which a few lines can make gigabytes."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node, or raise YAMLError for an alias or what is nested too deeply."""
        if self.check_event(yaml.AliasEvent) or self.depth > MAX_DEPTH:
            raise yaml.YAMLError("aliases and deep nesting are not read")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.removeprefix(TAG) in {"null", "timestamp"}]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver(f"{TAG}bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), [*"tTfF"])
Loader.add_implicit_resolver(f"{TAG}int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)$"), [*"-+0123456789"])
Loader.add_implicit_resolver(
    f"{TAG}float", re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"), [*"-+0123456789"]
)


def split(text: str) -> tuple[dict[str, Any], str]:
    """Return the metadata of the front matter and the text after it; what is no front matter stays in the text."""
    first, _, rest = text.partition("\n")
    if first.rstrip() != BEGIN:
        return {}, text
    head = rest[:MAX_CHARACTERS].split("\n")
    end = next((number for number, line in enumerate(head) if line.rstrip() in END), None)
    if end is None:
        return {}, text
    metadata = parse("\n".join(head[:end]))
    if metadata is None:
        return {}, text
    return metadata, rest.split("\n", end + 1)[end + 1] if rest.count("\n") > end else ""


def parse(content: str) -> dict[str, Any] | None:
    """Return an object of JSON values, or None if this is no YAML or no object."""
    try:
        found = yaml.load(content, Loader)  # noqa: S506 - it is a SafeLoader
        if found is None:
            return {}
        if not isinstance(found, dict):
            return None
        clean = fields_of(found)
        msgspec.json.encode(clean)  # a lone surrogate can be written as an escape
    except (yaml.YAMLError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError, RecursionError):
        return None  # PyYAML raises more than its own errors for scalars that are none of their tag
    return clean
