"""The small parts of a DOCX, each a target of an XML parser: relations, styles, core properties."""

from collections.abc import Mapping

import msgspec

WORD = (
    "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}",
    "{http://purl.oclc.org/ooxml/wordprocessingml/main}",  # the strict variant
)
VALUE = tuple(f"{namespace}val" for namespace in WORD)
DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
OFFICE_DOCUMENT = "/officeDocument"
MAX_INHERITANCE = 16
BODY_LEVEL = 9  # an outline level beyond those of headings


def word_name(tag: str) -> str:
    """Return the name of an element of WordprocessingML, or nothing for one of another vocabulary."""
    return next((tag[len(namespace) :] for namespace in WORD if tag.startswith(namespace)), "")


def value_of(attributes: Mapping[str, str]) -> str:
    return next((attributes[name] for name in VALUE if name in attributes), "")


def level_of(value: str) -> int | None:
    """Return the level of a heading, from 1, for an outline level as it is written, from 0."""
    return (
        int(value) + 1 if value.isascii() and value.isdigit() and len(value) == 1 and int(value) < BODY_LEVEL else None
    )


class Target:
    """Takes what a parser tells and keeps nothing."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""

    def end(self, tag: str) -> None:
        """End an element."""

    def data(self, text: str) -> None:
        """Take text."""

    def close(self) -> None:
        """End the part."""


class Relations(Target):
    """Finds the name of the main part."""

    main: str | None = None

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - as the parser calls it
        if attributes.get("Type", "").endswith(OFFICE_DOCUMENT) and self.main is None:
            self.main = attributes.get("Target", "").lstrip("/") or None


class CoreProperties(Target):
    """Finds the title."""

    title = ""
    _within = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:  # noqa: ARG002 - as the parser calls it
        self._within = tag == f"{DUBLIN_CORE}title"

    def end(self, tag: str) -> None:  # noqa: ARG002 - as the parser calls it
        self._within = False

    def data(self, text: str) -> None:
        if self._within:
            self.title += text


class Style(msgspec.Struct):
    name: str = ""
    based_on: str = ""
    level: int | None = None
    is_list: bool = False


class Styles(Target):
    """Collects the styles of paragraphs by their ids."""

    def __init__(self) -> None:
        self._styles: dict[str, Style] = {}
        self._style = Style()

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        match word_name(tag):
            case "style":
                id_ = next((attributes[f"{one}styleId"] for one in WORD if f"{one}styleId" in attributes), "")
                self._style = self._styles[id_] = Style()
            case "name":
                self._style.name = value_of(attributes).casefold()
            case "basedOn":
                self._style.based_on = value_of(attributes)
            case "outlineLvl":
                self._style.level = level_of(value_of(attributes))
            case "numId":
                self._style.is_list = value_of(attributes) != "0"

    def level(self, id_: str) -> int | None:
        """Return the level of the headings that a style makes, or None for one of text."""
        for style in self._inheritance(id_):
            if style.name == "title":
                return 1
            kind, _, number = style.name.partition(" ")
            if kind == "heading" and number.isdigit():
                return min(int(number[:2]), 9)
            if style.level:
                return style.level
        return None

    def is_list(self, id_: str) -> bool:
        return any(style.is_list or style.name.startswith("list ") for style in self._inheritance(id_))

    def _inheritance(self, id_: str) -> list[Style]:
        found: list[Style] = []
        while (style := self._styles.get(id_)) and len(found) < MAX_INHERITANCE:
            found.append(style)
            id_ = style.based_on
        return found
