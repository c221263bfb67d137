"""Power cuts at any moment of recorded histories: the disk is rebuilt, the index started, and what is left is judged.

Some of these starts are cut once more, in the middle of the recovery or of what is written after it.
"""

import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tests.index.cuts.histories import HISTORIES, History, act, delete, many, put, settings
from tests.index.cuts.images import BYTES, NAMES, SHM, Rules, build
from tests.index.cuts.life import BACKUP, COPY, KEYS, Found, Orders
from tests.index.cuts.past import Base, Past, said
from tests.index.cuts.zygote import Zygote
from tests.index.torture.operations import DEFAULT, Contents, Operation, State
from tests.index.torture.verdicts import Verdict, judge, parsed, read_log
from tests.syscalls.records import Record

IN_MEMORY = Path("/dev/shm")
RECOVERIES_CUT, CUTS_A_RECOVERY = 0.25, 2
RECOVERY = "recovery"


class Figures(msgspec.Struct):
    """What came of all images; `tried` counts them by what was under way, and by the rules of the file system."""

    images: int = 0
    second: int = 0
    refused: int = 0
    tried: Counter[tuple[str, str]] = msgspec.field(default_factory=Counter)
    shm: Counter[str] = msgspec.field(default_factory=Counter)
    verdict: Verdict = msgspec.field(default_factory=Verdict)
    problems: list[str] = []

    @property
    def clean(self) -> bool:
        """Whether everything is as it was said to be."""
        return self.verdict.clean and not self.refused and not self.problems

    def __str__(self) -> str:
        columns = [f"{names} {bytes_}" for names in NAMES for bytes_ in BYTES]
        rows = sorted({row for row, _ in self.tried})
        lines = [" " * 12 + "".join(f"{column:>18}" for column in columns)]
        lines += [f"{row:12}" + "".join(f"{self.tried[row, column]:18}" for column in columns) for row in rows]
        lines.append("-shm " + ", ".join(f"{name} {self.shm[name]}" for name in SHM))
        lines.append(
            f"{self.images} images, {self.second} of them of a recovery: {self.verdict.lost} lost, "
            f"{self.verdict.back} deleted and back, {self.verdict.phantom} never asked for, "
            f"{self.refused} starts refused, {len(self.problems)} other problems"
        )
        return "\n".join(lines)


class Recorded(msgspec.Struct, frozen=True):
    """A past, what was there before it, and at which positions it may be cut, by what was under way."""

    name: str
    past: Past
    before: State
    cuts: dict[str, list[int]]


def cuts_of(records: Sequence[Record], first: int) -> dict[str, list[int]]:
    """The positions at which a cut says something new, by the operation that was begun last."""
    cuts: dict[str, list[int]] = {}
    kind = "open"
    for position, record in enumerate(records):
        if record.call == "mark":
            kind = next(map(kind_of, parsed(said(record))), None) or kind
        elif position >= first:
            cuts.setdefault(kind, []).append(position + 1)
    return cuts


def kind_of(line: dict[str, Any]) -> str | None:
    """What a line says is begun."""
    if operation := line.get("operation"):
        if operation["collection"] in {BACKUP, COPY}:
            return "backup"
        if operation["collection"] == KEYS:
            return {"put": "key add", "delete": "key revoke"}[operation["kind"]]
        if operation["kind"] == "drop" and operation["collection"] == DEFAULT:
            return "drop default"
        return str(operation["kind"])
    return str(line["act"]) if "act" in line else None


class Cuts:
    """Records histories at construction; then each `cut` is one image. All lies in one folder until `close`.

    `edited` makes of the records those of a process that left out some calls.
    """

    def __init__(
        self,
        seed: int,
        histories: Sequence[Callable[[int], History]] = HISTORIES,
        edited: Callable[[list[Record]], list[Record]] = list,
    ) -> None:
        self._random = random.Random(seed)
        self._base = Path(tempfile.mkdtemp(prefix="cuts-", dir=IN_MEMORY if IN_MEMORY.is_dir() else None))
        self._zygote = Zygote(self._base)
        self._number = 0
        self._edited = edited
        self.figures = Figures()
        try:
            self.recorded = [self._record(history(seed)) for history in histories]
        except BaseException:  # whatever it was, the process and the folder go
            self.close()
            raise

    def close(self) -> None:
        self._zygote.close()
        shutil.rmtree(self._base)

    def _fresh(self) -> Path:
        self._number += 1
        return self._base / "disks" / str(self._number)

    def _record(self, history: History) -> Recorded:
        root = self._fresh()
        root.mkdir()
        base, first = Base(root), 0
        records: list[Record] = []
        for number, orders in enumerate(history.orders(str(root))):
            first = len(records) if number == history.whole else first
            found, more = self._zygote.live(orders)
            assert not found.error, (history.name, found.error)
            records += self._edited(more)
        before = {DEFAULT: Contents(0, {}), KEYS: Contents(0, {})}
        return Recorded(history.name, Past(root, base, records), before, cuts_of(records, first))

    def cut(self) -> None:
        """Try one image, and perhaps some more of its recovery."""
        random_ = self._random
        kinds = sorted({(kind, place) for place, one in enumerate(self.recorded) for kind in one.cuts})
        kind = random_.choice(sorted({kind for kind, _ in kinds}))
        recorded = self.recorded[random_.choice([place for name, place in kinds if name == kind])]
        recovery = self.start(recorded, kind, self._moment(recorded, recorded.cuts[kind]))
        if recovery is None or random_.random() >= RECOVERIES_CUT:
            return
        positions = [position for positions in recovery.cuts.values() for position in positions]
        for _ in range(CUTS_A_RECOVERY):
            if positions:
                self.figures.second += 1
                self.start(recovery, RECOVERY, self._moment(recovery, positions))

    def _moment(self, recorded: Recorded, positions: list[int]) -> int:
        """Choose a position: half of them are just before a sync, when most is at stake."""
        records = recorded.past.records
        before = [position for position in positions if position < len(records) and records[position].call == "sync"]
        return self._random.choice(self._random.choice([before or positions, positions]))

    def start(self, recorded: Recorded, kind: str, cut: int, rules: Rules | None = None) -> Recorded | None:
        """Start on one image and judge what is there; return the start, to be cut in turn, if it came to something."""
        random_, figures, root = self._random, self.figures, self._fresh()
        names, bytes_, shm = map(random_.choice, (NAMES, BYTES, SHM))
        rules = rules or Rules(names, bytes_, shm, random_.randrange(1 << 30))
        figures.images += 1
        figures.tried[kind, f"{rules.names} {rules.bytes_}"] += 1
        figures.shm[rules.shm] += 1
        build(recorded.past, cut, rules, root)
        base = Base(root)
        steps = tuple(self._steps()) if kind != RECOVERY else ()
        ends = random_.choice(["kill", "close"])
        found, records = self._zygote.live(
            Orders(str(root), steps, inspect=True, ends=ends, seed=random_.randrange(1 << 30))
        )
        where = f"{recorded.name}, {kind}, before record {cut} ({rules})"
        recovery = self._judge(recorded, cut, found, where, Past(root, base, records))
        shutil.rmtree(root)
        return recovery

    def _judge(self, recorded: Recorded, cut: int, found: Found, where: str, past: Past) -> Recorded | None:
        figures = self.figures
        if found.error or found.inspection is None:
            figures.refused += 1
            figures.verdict.said.append(f"{where}: {found.error}")
            return None
        verdict = judge(recorded.before, read_log(recorded.past.marks(cut)), found.inspection.state)
        verdict.said = [f"{where}: {line}" for line in verdict.said]
        figures.verdict.add(verdict)
        figures.problems += [f"{where}: {problem}" for problem in found.inspection.problems]
        return Recorded(where, past, found.inspection.state, cuts_of(past.records, 0)) if verdict.clean else None

    def _steps(self) -> Iterator[Operation]:
        """What is done after a start that may be cut."""
        random_ = self._random
        choices = [
            lambda: put(random_),
            lambda: many(random_),
            lambda: delete(random_),
            lambda: act("create", "fresh"),
            lambda: act("drop"),
            lambda: act("checkpoint"),
            lambda: settings(random_.randint(1, 900)),
            lambda: act("words"),
        ]
        for _ in range(random_.randint(0, 4)):
            yield random_.choice(choices)()


def cut_power(
    images: int,
    seed: int,
    histories: Sequence[Callable[[int], History]] = HISTORIES,
    report: Callable[[str], None] = lambda _: None,
) -> Figures:
    """Try so many images."""
    cuts = Cuts(seed, histories)
    try:
        told = 0
        while cuts.figures.images < images:
            cuts.cut()
            if cuts.figures.images // 500 > told:
                told = cuts.figures.images // 500
                report(str(cuts.figures).splitlines()[-1])
    finally:
        cuts.close()
    return cuts.figures
