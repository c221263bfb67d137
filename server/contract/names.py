"""The names that clients may call the served model by."""

from collections.abc import Iterable

from server.contract.errors import UnknownModelError

# What Ollama's clients add to a name without a tag.
LATEST = ":latest"


class ModelNames:
    """`served` is the model's own name; the others stand for it."""

    def __init__(self, names: Iterable[str]) -> None:
        self.all = tuple(dict.fromkeys(names))
        self.served = self.all[0]

    def check(self, name: str) -> None:
        """Make sure that a name is one of these.

        Raises:
            UnknownModelError: it is another.
        """
        if name not in self.all and name.removesuffix(LATEST) not in self.all:
            message = f"the model {name[:100]!r} is not served here; {', '.join(self.all)} is"
            raise UnknownModelError(message, "model")


def tagged(name: str) -> str:
    """Return a name as Ollama lists it: with a tag."""
    return name if ":" in name else name + LATEST
