"""The main part of a DOCX as text, from the events of an XML parser."""

from collections.abc import Mapping

import msgspec

from index.sources.docx_parts import Styles, Target, level_of, value_of, word_name
from index.sources.records import SourceError

MAX_CHARACTERS = 16 << 20  # more than a document holds
MAX_NESTING = 8  # of lists
BETWEEN_CELLS = " | "
ITEMS, ROWS = "items", "rows"
# Text that moved away, how paragraphs were before a change, and the second of two renderings of one thing.
SKIPPED = {"moveFrom", "pPrChange", "Fallback"}
CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "softHyphen": ""}


class Paragraph(msgspec.Struct):
    style: str = ""
    level: int | None = None  # of the heading, where the paragraph says it
    numbered: bool | None = None
    nesting: int = 0
    parts: list[str] = []


class Block(msgspec.Struct, frozen=True):
    """A paragraph's or a table row's text; those of one `group` follow each other without an empty line."""

    text: str
    group: str = ""


class Body(Target):
    """Collects the text; `heading` is the first one."""

    heading: str | None = None
    text = ""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._paragraphs: list[Paragraph] = []  # those within text boxes of others last
        self._containers: list[list[Block]] = [[]]  # the body, and the cells that are open
        self._rows: list[list[str]] = []
        self._skipped = 0
        self._taking = False
        self._size = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        name = tag.rpartition("}")[2]
        if self._skipped or name in SKIPPED:
            self._skipped += 1
            return
        match word_name(tag):
            case "p":
                self._paragraphs.append(Paragraph())
            case "tr":
                self._rows.append([])
            case "tc":
                self._containers.append([])
            case "t":
                self._taking = True
            case word if self._paragraphs:
                self._start_within(self._paragraphs[-1], word, value_of(attributes))

    def _start_within(self, paragraph: Paragraph, name: str, value: str) -> None:
        match name:
            case "pStyle":
                paragraph.style = value
            case "outlineLvl":
                paragraph.level = level_of(value)
            case "numId":
                paragraph.numbered = value != "0"
            case "ilvl":
                paragraph.nesting = min(int(value), MAX_NESTING) if value.isascii() and value.isdigit() else 0
            case _ if name in CHARACTERS:
                paragraph.parts.append(CHARACTERS[name])

    def end(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
            return
        match word_name(tag):
            case "p" if self._paragraphs:
                self._add(self._paragraphs.pop())
            case "t":
                self._taking = False
            case "tc" if len(self._containers) > 1:
                cell = " ".join(" ".join(block.text.split()) for block in self._containers.pop())
                if self._rows:
                    self._rows[-1].append(cell)
            case "tr" if self._rows:
                self._put(Block(BETWEEN_CELLS.join(self._rows.pop()).rstrip(), ROWS))

    def data(self, text: str) -> None:
        if not self._taking or self._skipped or not self._paragraphs:
            return
        self._paragraphs[-1].parts.append(text)
        self._size += len(text)
        if self._size > MAX_CHARACTERS:
            raise SourceError(f"holds more than {MAX_CHARACTERS:,} characters of text")

    def _add(self, paragraph: Paragraph) -> None:
        text = "".join(paragraph.parts).strip()
        if not text:
            return
        level = paragraph.level or self._styles.level(paragraph.style)
        if level:
            text = " ".join(text.split())
            self.heading = self.heading or text
            self._put(Block(f"{'#' * min(level, 6)} {text}"))
            return
        numbered = paragraph.numbered
        if self._styles.is_list(paragraph.style) if numbered is None else numbered:
            self._put(Block(f"{'  ' * paragraph.nesting}- {text}", ITEMS))
        else:
            self._put(Block(text))

    def _put(self, block: Block) -> None:
        if block.text.strip(" |"):
            self._containers[-1].append(block)

    def close(self) -> None:
        """Join what was collected."""
        parts: list[str] = []
        before: Block | None = None
        for block in self._containers[0]:
            if before is not None:
                parts.append("\n" if before.group and before.group == block.group else "\n\n")
            parts.append(block.text)
            before = block
        self.text = "".join(parts)
