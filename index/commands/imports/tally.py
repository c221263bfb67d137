"""What came of an import, and how it is told."""

import msgspec

from index.commands.terminal import counted


class Tally(msgspec.Struct):
    """Counts of documents; `refused` are files and rows, `passed_over` files of other kinds.

    `unpruned` says that documents of files that are gone were to be deleted and were not.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    refused: int = 0
    cut: int = 0
    passed_over: int = 0
    unpruned: bool = False

    def add(self, other: "Tally") -> None:
        """Add the counts of another source."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.unpruned = bool(self.unpruned)

    def follow(self, later: "Tally") -> None:
        """Add the counts of a later pass over the same sources: what is unchanged or passed over is counted once."""
        self.unchanged = self.passed_over = 0
        self.add(later)

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing happened."""
        return not (self.new or self.changed or self.deleted or self.refused or self.unpruned)

    @property
    def status(self) -> int:
        """The exit status: 0 where all that was wanted is done."""
        return 1 if self.refused or self.unpruned else 0

    def line(self, elapsed_s: float) -> str:
        """Return the summary."""
        names = ("new", "changed", "unchanged", "deleted", "refused", "cut")
        counts = ", ".join(f"{getattr(self, name):,} {name}" for name in names)
        over = f"; {counted(self.passed_over, 'file')} of other kinds passed over" if self.passed_over else ""
        return f"{counts}{over}; {elapsed_s:,.1f} s"
