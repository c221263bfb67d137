"""The names by which clients may call the served model."""

from collections.abc import Iterable

from server.contract.errors import UnknownModelError

# The tag that Ollama's clients add to a name without one.
LATEST = ":latest"


class ModelNames:
    """`served` is the model's own name, `all` that name and its aliases."""

    def __init__(self, names: Iterable[str]) -> None:
        self.all = tuple(dict.fromkeys(names))
        self.served = self.all[0]

    def check(self, name: str) -> None:
        """Accept one of these names, with or without the tag.

        Raises:
            UnknownModelError: any other name.
        """
        if name not in self.all and name.removesuffix(LATEST) not in self.all:
            message = f"the model {name[:100]!r} is not served here; {', '.join(self.all)} is"
            raise UnknownModelError(message, "model")


def tagged(name: str) -> str:
    """Return a name with a tag, as Ollama lists it."""
    return name if ":" in name else name + LATEST
