"""From what was said before and after each act, and what is left: was anything lost, deleted back, or never asked for?

The log has a line before an operation and one after its acknowledgement. Operations on a collection are committed in
order, so what is left of it must be the work of a first part of them, no shorter than what was acknowledged. Pure.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tests.index.torture.operations import Contents, Operation, State, apply


class Verdict(msgspec.Struct):
    """How many documents are not as they were said to be, and in which way."""

    lost: int = 0
    back: int = 0
    phantom: int = 0
    said: list[str] = []

    def add(self, other: "Verdict") -> None:
        self.lost += other.lost
        self.back += other.back
        self.phantom += other.phantom
        self.said += other.said

    @property
    def clean(self) -> bool:
        return not (self.lost or self.back or self.phantom)


class Backup(msgspec.Struct, frozen=True):
    """A backup: how many of a collection's operations it must have at least, and may have at most."""

    number: int
    acknowledged: bool
    least: dict[str, int]
    most: dict[str, int]


class Log(msgspec.Struct):
    """The operations on each collection in order, and which of them were acknowledged."""

    operations: dict[str, list[Operation]]
    acknowledged: dict[str, set[int]]
    rejected: list[str] | None = None
    backups: list[Backup] = []


def read_log(text: str) -> Log:
    """Read a log; its last line may be cut off."""
    log = Log({}, {})
    places: dict[int, tuple[str, int]] = {}
    begun: dict[int, dict[str, int]] = {}
    for line in parsed(text):
        match line:
            case {"intent": number, "operation": given}:
                operation = msgspec.convert(given, Operation)
                others = log.operations.setdefault(operation.collection, [])
                places[number] = (operation.collection, len(others))
                others.append(operation)
            case {"acknowledged": number}:
                name, place = places[number]
                log.acknowledged.setdefault(name, set()).add(place)
            case {"backup": number}:
                begun[number] = {name: done(log, name) for name in log.operations}
            case {"backed_up": number}:
                log.backups.append(Backup(number, True, begun.pop(number), counts(log)))
            case {"rejected": names}:
                log.rejected = names
    log.backups += [Backup(number, False, least, counts(log)) for number, least in begun.items()]
    return log


def parsed(text: str) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in text.splitlines() if line.endswith("}"))


def done(log: Log, name: str) -> int:
    """How many of a collection's operations are known to be done.

    One that is acknowledged vouches for those before it only if it dropped them: to create a collection that is there
    already is acknowledged at once, whoever still waits.
    """
    operations, acknowledged = log.operations.get(name, []), log.acknowledged.get(name, set())
    count = max((place + 1 for place in acknowledged if operations[place].kind == "drop"), default=0)
    while count in acknowledged:
        count += 1
    return count


def counts(log: Log) -> dict[str, int]:
    return {name: len(operations) for name, operations in log.operations.items()}


def possible(before: Contents | None, operations: list[Operation], least: int, most: int) -> Iterator[Contents | None]:
    """Yield what a collection may hold when `least` to `most` of the operations are done."""
    contents = None if before is None else before.copy()
    for count, operation in enumerate([None, *operations[:most]]):
        if operation is not None:
            contents = apply(contents, operation)
        if count >= least:
            yield None if contents is None else contents.copy()


def judge(before: State, log: Log, after: State) -> Verdict:
    """Judge what is left of all collections."""
    verdict = Verdict()
    for name in sorted({*before, *log.operations, *after}):
        operations = log.operations.get(name, [])
        bounds = (done(log, name), len(operations))
        verdict.add(judge_one(name, before.get(name), operations, bounds, after.get(name)))
    return verdict


def judge_one(
    name: str, before: Contents | None, operations: list[Operation], bounds: tuple[int, int], after: Contents | None
) -> Verdict:
    """Judge one collection by that of its possible contents that is most like what is left."""
    candidates = list(possible(before, operations, *bounds))
    if any(after is one if one is None else one.same(after) for one in candidates):
        return Verdict()
    verdicts = [differences(name, one, after, ever(before, operations)) for one in candidates]
    verdict = min(verdicts, key=lambda found: found.lost + found.back + found.phantom)
    verdict.said.append(f"{name}: after {bounds[0]} acknowledged of {bounds[1]} operations")
    return verdict


def ever(before: Contents | None, operations: Iterable[Operation]) -> set[str]:
    """The ids that were there once, or were about to be."""
    return {*(before.documents if before else ())} | {
        id_ for operation in operations if operation.kind in {"put", "many"} for id_ in operation.ids
    }


def differences(name: str, expected: Contents | None, after: Contents | None, known: set[str]) -> Verdict:
    """Say in which way a collection is not what it should be."""
    verdict = Verdict()
    if expected is None or after is None:
        verdict.lost, verdict.back = int(after is None), int(expected is None)
        verdict.said.append(f"{name}: the collection is {'gone' if after is None else 'there again'}")
    wanted = expected.documents if expected else {}
    found = after.documents if after else {}
    for id_ in sorted({*wanted, *found}):
        if id_ in wanted and wanted[id_] != found.get(id_):
            verdict.lost += 1
            verdict.said.append(f"{name}: {id_} is lost or changed")
        elif id_ not in wanted and id_ in known:
            verdict.back += 1
            verdict.said.append(f"{name}: {id_} was deleted and is back")
        elif id_ not in wanted:
            verdict.phantom += 1
            verdict.said.append(f"{name}: {id_} was never put")
    if verdict.clean:
        verdict.lost += 1
        verdict.said.append(f"{name}: the vectors are of another generation")
    return verdict
