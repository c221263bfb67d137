"""What became of a folder, call by call: which names and bytes were there, and when they were brought to the disk.

From the records of its system calls. A position is that of a record; what is said of one is as of just before it.
"""

import bisect
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from tests.syscalls.records import CREATED, TRUNCATED, Record

MARK = "shm "


class Node:
    """A file, or a folder with the names that are in it now."""

    def __init__(self, folder: bool, content: bytes = b"") -> None:
        self.folder = folder
        self.names: dict[str, Node] = {}
        self.content = content  # at the beginning
        self.changes: list[Change] = []
        self.syncs: list[int] = []
        self.touched: list[int] = []  # the positions of changes of names that it has a part in
        self.copies: list[tuple[int, bytes]] = []  # of what is mapped, whose stores are not seen

    def synced_before(self, position: int) -> int:
        """The position of the last sync, or 0."""
        place = bisect.bisect_left(self.syncs, position)
        return self.syncs[place - 1] if place else 0


class Change(msgspec.Struct, frozen=True):
    """Bytes that were written at an offset; or, where there are none, the size to which a file was cut or grown."""

    position: int
    offset: int
    data: bytes | None = None


class Naming(msgspec.Struct, frozen=True):
    """A name that a node got in `folder`, and the one that it lost, both at once; either may be None."""

    position: int
    node: Node
    got: tuple[Node, str] | None = None
    lost: tuple[Node, str] | None = None

    @property
    def folder(self) -> Node:
        """The folder whose sync brings it to the disk."""
        place = self.got or self.lost
        assert place is not None
        return place[0]


class Past:
    """The past of `root`, whose content at the beginning is on the disk and handed in as `base`."""

    def __init__(self, root: Path, base: "Base", records: Sequence[Record]) -> None:
        self.root = root.resolve()
        self.base = base
        self.records = records
        self.namings: list[Naming] = []
        self.files: list[Node] = [node for node in base.nodes.values() if not node.folder]
        self.syncs: list[tuple[int, Node]] = []
        self._nodes = dict(base.nodes)
        self._top = base.top
        self._live = {PurePosixPath("."): base.top}
        for position, record in enumerate(records):
            self._take(position, record)

    def _take(self, position: int, record: Record) -> None:
        if record.call == "mark":
            self._copy(position, record.data.decode())
            return
        node = self._nodes.get(record.inode)
        match record.call:
            case "open" if record.flags & CREATED:
                self._name(position, self._made(record, folder=False), got=record.path)
            case "open" if record.flags & TRUNCATED and node is not None:
                node.changes.append(Change(position, 0))
            case "mkdir":
                self._name(position, self._made(record, folder=True), got=record.path)
            case "write" if node is not None:
                node.changes.append(Change(position, record.offset, record.data))
            case "truncate" if node is not None:
                node.changes.append(Change(position, record.size))
            case "sync" if node is not None:
                node.syncs.append(position)
                self.syncs.append((position, node))
            case "rename" if node is not None:
                self._name(position, node, got=record.other, lost=record.path)
            case "link" if node is not None:
                self._name(position, node, got=record.other)
            case "unlink" | "rmdir" if node is not None:
                self._name(position, node, lost=record.path)

    def _made(self, record: Record, *, folder: bool) -> Node:
        self._nodes[record.inode] = node = Node(folder)
        if not folder:
            self.files.append(node)
        return node

    def _name(self, position: int, node: Node, got: str = "", lost: str = "") -> None:
        naming = Naming(position, node, self._place(got), self._place(lost))
        perform(naming)
        self.namings.append(naming)
        for place in (naming.got, naming.lost):
            if place is not None:
                place[0].touched.append(position)
        node.touched.append(position)

    def _place(self, path: str) -> tuple[Node, str] | None:
        """The folder and the name of a path, as names are at that moment."""
        if not path:
            return None
        *parts, name = PurePosixPath(path).relative_to(self.root).parts
        node = self._top
        for part in parts:
            node = node.names[part]
        return node, name

    def _copy(self, position: int, text: str) -> None:
        if text.startswith(MARK):
            for inode, content in msgspec.json.decode(text.removeprefix(MARK), type=dict[str, bytes]).items():
                if (node := self._nodes.get(int(inode))) is not None:
                    node.copies.append((position, content))

    def marks(self, end: int) -> str:
        """The lines that were said before a position."""
        return "\n".join(line for record in self.records[:end] if (line := said(record)))


def said(record: Record) -> str:
    """The line that a mark holds, if it is one."""
    line = record.data.decode() if record.call == "mark" else ""
    return "" if line.startswith(MARK) else line


class Base:
    """A folder as it is, with the inodes of what is in it; `top` has the names as of the beginning."""

    def __init__(self, root: Path) -> None:
        self.nodes: dict[int, Node] = {}
        self.namings: list[Naming] = []
        self.top = self._node(root)

    def _node(self, path: Path) -> Node:
        folder = path.is_dir()
        node = Node(folder, b"" if folder else path.read_bytes())
        self.nodes[path.stat().st_ino] = node
        for below in sorted(path.iterdir()) if folder else ():
            node.names[below.name] = child = self._node(below)
            self.namings.append(Naming(-1, child, got=(node, below.name)))
        return node


def perform(naming: Naming, names: dict[int, dict[str, Node]] | None = None) -> None:
    """Do it to the nodes' own names, or to `names`, by the folders' identity; what is not there is not lost."""
    for place, node in ((naming.lost, None), (naming.got, naming.node)):
        if place is None:
            continue
        folder, name = place
        inside = folder.names if names is None else names.setdefault(id(folder), {})
        if node is not None:
            inside[name] = node
        elif inside.get(name) is naming.node:
            del inside[name]


def walk(top: Node, names: dict[int, dict[str, Node]], path: Path) -> Iterator[tuple[Path, Node]]:
    """Yield all that is below a folder, folders first."""
    for name, node in names.get(id(top), {}).items():
        yield path / name, node
        if node.folder:
            yield from walk(node, names, path / name)
