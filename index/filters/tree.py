"""A filter as a tree of conditions, whatever it was parsed from and however it is searched."""

import msgspec

from index.documents.attributes import Scalar


class Comparison(msgspec.Struct, frozen=True):
    """The field has a value of this kind for which `value ORDER other` (`=`, `<` ...) holds with one of `values`."""

    field: str
    kind: int
    order: str
    values: tuple[Scalar, ...]


class Range(msgspec.Struct, frozen=True):
    """The field has a value of this kind for which `value ABOVE low` and `value BELOW high` hold (`>=` and `<`, say).

    A field has one value, so that is what two comparisons together say, and the index finds it as one stretch.
    """

    field: str
    kind: int
    above: str
    low: Scalar
    below: str
    high: Scalar

    @property
    def bounds(self) -> tuple[Comparison, Comparison]:
        """The two comparisons that it stands for."""
        low = Comparison(self.field, self.kind, self.above, (self.low,))
        return low, Comparison(self.field, self.kind, self.below, (self.high,))


class Exists(msgspec.Struct, frozen=True):
    """The field is there, whatever its value."""

    field: str


class Lasting(msgspec.Struct, frozen=True):
    """The document has not expired by this Unix time in milliseconds. No filter says it: reads add it."""

    now_ms: int


class Every(msgspec.Struct, frozen=True):
    """All parts hold; always where there are none."""

    parts: tuple["Condition", ...]


class Some(msgspec.Struct, frozen=True):
    """At least one part holds; never where there are none."""

    parts: tuple["Condition", ...]


class Negation(msgspec.Struct, frozen=True):
    part: "Condition"


Condition = Comparison | Range | Exists | Lasting | Every | Some | Negation


def both(first: Condition | None, second: Condition | None) -> Condition | None:
    """Return the condition that both hold; None holds always."""
    if first is None or second is None:
        return first if second is None else second
    return Every((first, second))
