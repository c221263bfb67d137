"""Every call of every operation fails, once and from then on: which cases there are, and what came of them."""

import itertools
import queue
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from tests.index.faults.judging import judge, read_log
from tests.index.faults.looking import Found
from tests.index.faults.orders import ENDINGS, NEVER, NO_FAULT, Fault, Orders
from tests.index.faults.stages import build_stages
from tests.index.faults.zygote import ACTS, LOOK, Zygote
from tests.syscalls.records import read_report

# What the kernel says of each call, by their manuals, that a disk, a full table or a mount may be the cause of.
ERRORS = {
    "open": ("EIO", "ENOSPC", "EMFILE", "EACCES"),
    "read": ("EIO",),
    "list": ("EIO",),
    "write": ("EIO", "ENOSPC"),
    "sync": ("EIO", "ENOSPC"),
    "truncate": ("EIO", "ENOSPC", "EACCES"),
    "rename": ("EIO", "ENOSPC", "EACCES"),
    "link": ("EIO", "ENOSPC", "EACCES"),
    "unlink": ("EIO", "EACCES"),
    "mkdir": ("EIO", "ENOSPC", "EACCES"),
    "rmdir": ("EIO", "EACCES"),
    "mmap": ("EIO", "ENOMEM"),
}
MEMORY, ROOM_BYTES = Path("/dev/shm"), 200_000_000
PAIRS = 2  # of processes that run cases
TRIALS = 3  # of each operation without a fault, to count its calls, where all are to fail: threads make them differ


class Case(msgspec.Struct, frozen=True):
    """A `lie` has the child do otherwise than it says, which has to be found."""

    act: str
    fault: Fault
    ending: str
    lie: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """`reached` says whether the call that was to fail was made, `found` in which way something is wrong, and what."""

    case: Case
    reached: bool
    first: str
    found: tuple[tuple[str, str], ...]


class Sweep:
    """From its folders to close. They lie in memory where there is a file system in it: no flush is for a disk here."""

    def __init__(self) -> None:
        room = MEMORY if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES else None
        self._base = Path(tempfile.mkdtemp(prefix="faults-", dir=room)).resolve()
        self._cases, self._logs = self._base / "cases", self._base / "logs"
        self._cases.mkdir()
        self._logs.mkdir()
        self._stages = build_stages(self._base / "stages")
        self._zygotes = [(Zygote(self._cases), Zygote(None)) for _ in range(PAIRS)]
        self._idle: queue.SimpleQueue[tuple[Zygote, Zygote]] = queue.SimpleQueue()
        for pair in self._zygotes:
            self._idle.put(pair)
        self._numbers = itertools.count(1)

    def close(self) -> None:
        for zygote in itertools.chain(*self._zygotes):
            zygote.close()
        shutil.rmtree(self._base)

    def calls(self, act: str, trials: int = 1) -> Counter[str]:
        """Return how often an operation makes each call; where it does not end well without a fault, that is ours."""
        most: Counter[str] = Counter()
        for _ in range(trials):
            outcome, seen = self._run(Case(act, NO_FAULT, "closed"))
            assert not outcome.found, f"{act}: {outcome.found}"
            most |= seen
        return most

    def run(self, case: Case) -> Outcome:
        return self._run(case)[0]

    def run_all(self, cases: Sequence[Case]) -> Iterator[Outcome]:
        """Run cases, a few at a time."""
        with ThreadPoolExecutor(PAIRS) as threads:
            yield from threads.map(self.run, cases)

    def _run(self, case: Case) -> tuple[Outcome, Counter[str]]:
        pair = self._idle.get()
        try:
            return self._run_by(case, *pair)
        finally:
            self._idle.put(pair)

    def _run_by(self, case: Case, watched: Zygote, free: Zygote) -> tuple[Outcome, Counter[str]]:
        number = next(self._numbers)
        act = ACTS[case.act]
        stage = self._stages[act.stage]
        folder, log = self._cases / str(number), self._logs / f"{number}.log"
        stage.lay(folder)
        orders = Orders(
            case.act, str(folder), str(log), f"{log}.report", case.fault.spec or NEVER, case.ending, act.model, case.lie
        )
        end = watched.run(orders)
        found: list[tuple[str, str]] = []
        expected = 0 if case.ending == "closed" or (not act.collection and case.ending != "killed") else -9
        errors = self._errors(log)
        if end.hung:
            found.append(("hung", errors))
        elif end.status not in {expected, -9 if "not back" in log.read_text("utf-8") else expected}:
            found.append(("crashed", f"status {end.status}: {errors}"))
        looked = log.with_suffix(".found")
        looking = free.run(msgspec.structs.replace(orders, act=LOOK, log=str(looked), settings=act.settings))
        if looking.status or looking.hung:
            found.append(("start crashed", self._errors(looked)))
        else:
            left = msgspec.json.decode(looked.read_bytes(), type=Found)
            found += judge(stage, read_log(log.read_text("utf-8")), left)
        report = read_report(Path(orders.report))
        for path in self._logs.glob(f"{number}.*"):
            path.unlink()
        shutil.rmtree(folder)
        return Outcome(case, bool(report.failed), report.first, tuple(found)), Counter(report.seen)

    def _errors(self, log: Path) -> str:
        path = Path(f"{log}.errors")
        return path.read_text("utf-8", "replace")[-1500:] if path.exists() else ""


def cases_of(act: str, calls: Counter[str], random_: random.Random) -> Iterator[Case]:
    """Yield every case of an operation; how its process ends is drawn."""
    for call, errors in ERRORS.items():
        for place in range(1, calls[call] + 1):
            for error in errors:
                often = ["once", "forever"]
                if (call, error) == ("write", "ENOSPC"):
                    often.append("forever:short")  # a disk that fills up in the middle of a write
                for one in often:
                    yield Case(act, Fault(call, place, error, one), random_.choice(ENDINGS))


def chosen(cases: Sequence[Case], budget: int | None, random_: random.Random) -> list[Case]:
    """Return all cases, or so many of them, of each operation about as many."""
    if budget is None or budget >= len(cases):
        return list(cases)
    shuffled = random_.sample(cases, len(cases))
    ranks: Counter[str] = Counter()
    ranked = []
    for case in shuffled:
        ranked.append((ranks[case.act], case))
        ranks[case.act] += 1
    return [case for _, case in sorted(ranked, key=lambda pair: pair[0])[:budget]]


def sweep(
    budget: int | None, seed: int, acts: Sequence[str] = (), report: Callable[[str], None] = lambda _: None
) -> list[Outcome]:
    """Run the cases, and tell of those of which something is wrong."""
    random_ = random.Random(seed)
    sweep = Sweep()
    trials = TRIALS if budget is None else 1
    outcomes = []
    try:
        cases = [case for act in acts or ACTS for case in cases_of(act, sweep.calls(act, trials), random_)]
        for outcome in sweep.run_all(chosen(cases, budget, random_)):
            outcomes.append(outcome)
            case = outcome.case
            for what, said in outcome.found:
                report(f"{case.act}: {case.fault.spec} ({outcome.first}), {case.ending}: {what}: {said}")
    finally:
        sweep.close()
    return outcomes
