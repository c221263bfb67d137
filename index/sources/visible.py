"""What is visible of a page, from its tags: lines and paragraphs, the title, the first heading."""

import re
from collections.abc import Mapping

# What is not shown, or is shown by another program, or leads elsewhere.
SKIPPED = frozenset({
    "audio", "button", "canvas", "datalist", "embed", "frameset", "iframe", "math", "nav", "noembed", "noframes",
    "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "video",
})  # fmt: skip
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
PARAGRAPHS = HEADINGS | {
    "address", "article", "aside", "blockquote", "body", "details", "dl", "fieldset", "figure", "footer", "form",
    "header", "hr", "main", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip
LINES = frozenset({
    "br", "caption", "dd", "div", "dt", "figcaption", "legend", "li", "option", "summary", "tbody", "tfoot", "thead",
    "tr",
})  # fmt: skip
CELLS = frozenset({"td", "th"})
BETWEEN_CELLS = " | "
WHITE = re.compile(r"[ \t\n\r\f\xa0]+")


class VisibleText:
    """Takes the events of a parser; `close` returns the text. `title` and `heading` are the first of their kind.

    A table's row is one line as far as its cells hold no blocks, or whatever they hold if `rows_are_lines`.
    """

    def __init__(self, *, rows_are_lines: bool = False) -> None:
        self._rows_are_lines = rows_are_lines
        self._open_cells = 0
        self.title: str | None = None
        self.heading: str | None = None
        self._lines: list[str] = []
        self._line: list[str] = []
        self._skipped: tuple[str, int] | None = None  # the tag whose end is waited for, and how many of it are open
        self._pre = 0
        self._title: list[str] | None = None
        self._heading: list[str] | None = None
        self._cell_before = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Begin an element."""
        if self._skipped:
            name, count = self._skipped
            self._skipped = (name, count + (tag == name))
        elif tag in SKIPPED or "hidden" in attributes or (tag == "title" and self.title is not None):
            self._skipped = (tag, 1)
        elif tag == "title":
            self._title = []
        elif tag in CELLS:
            if self._cell_before:
                self._line.append(BETWEEN_CELLS)
            self._cell_before = True
            self._open_cells += self._rows_are_lines
        else:
            if tag == "tr":
                self._cell_before = False
            self._break(tag)
            self._pre += tag == "pre"
            if tag in HEADINGS and self.heading is None:
                self._heading = []

    def end(self, tag: str) -> None:
        """End an element, also one that has no end tag."""
        if self._skipped:
            name, count = self._skipped
            count -= tag == name
            self._skipped = (name, count) if count else None
        elif tag == "title" and self._title is not None:
            self.title, self._title = "".join(self._title), None
        elif tag in CELLS:
            self._open_cells = max(0, self._open_cells - 1)
            self._cell_before = self._cell_before or self._rows_are_lines
        elif tag not in {"br", "hr"}:
            self._break(tag)
            self._pre = max(0, self._pre - (tag == "pre"))
            if tag in HEADINGS and self._heading is not None:
                self.heading, self._heading = "".join(self._heading) or None, None

    def data(self, text: str) -> None:
        """Take text."""
        if self._skipped:
            return
        if self._title is not None:
            self._title.append(text)
            return
        if self._heading is not None:
            self._heading.append(text)
        if self._pre:
            first, *others = text.replace("\r\n", "\n").split("\n")
            self._line.append(first)
            for line in others:
                self._finish_line()
                self._line.append(line)
        else:
            self._line.append(text)

    def close(self) -> str:
        self._finish_line()
        text = "\n".join(self._lines).strip("\n")
        return text if text.strip() else ""  # nor are spaces of other kinds any text

    def _break(self, tag: str) -> None:
        is_block = tag in PARAGRAPHS or tag in LINES
        if self._open_cells:
            self._line.append(" " if is_block else "")
            return
        if is_block:
            self._finish_line()
            self._cell_before = False
        if tag in PARAGRAPHS and self._lines and self._lines[-1]:
            self._lines.append("")

    def _finish_line(self) -> None:
        """Add the line; its white space is one space wide, but in preformatted text."""
        joined, self._line = "".join(self._line), []
        line = joined.rstrip() if self._pre else WHITE.sub(" ", joined).strip(" ")
        if line or (self._pre and self._lines and self._lines[-1]):
            self._lines.append(line)
