"""What a case left, held to what its child was told: pure, by the rules of the torture's operations."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from tests.index.faults.looking import Found
from tests.index.faults.stages import Stage
from tests.index.torture.operations import DEFAULT, Contents, Operation, State, apply
from tests.index.torture.verdicts import differences, ever

# By which an answer says that what was asked for may be there.
UNSURE = ("unknown", "not known", "a power cut may undo that")
EMPTY = Contents(0, {})


class Said(msgspec.Struct):
    """An operation, and what its caller was told: done, not done, or nothing that says which."""

    operation: Operation
    done: bool | None = None
    words: str = ""


class Told(msgspec.Struct):
    """A child's log: operations in order, what it saw and after how many of them, and what it found itself."""

    operations: list[Said] = []
    seen: list[tuple[int, State]] = []
    found: list[tuple[str, str]] = []


def read_log(text: str) -> Told:
    told = Told()
    for line in (json.loads(one) for one in text.splitlines() if one.endswith("}")):
        take(told, line)
    return told


def take(told: Told, line: dict[str, Any]) -> None:
    match line:
        case {"intent": _, "operation": given}:
            told.operations.append(Said(msgspec.convert(given, Operation)))
        case {"acknowledged": number}:
            told.operations[number].done = True
        case {"refused": number, "said": words}:
            told.operations[number].done = None if any(one in words for one in UNSURE) else False
            told.operations[number].words = words
        case {"seen": state} if state is not None:
            told.seen.append((len(told.operations), msgspec.convert(state, State)))
        case {"found": what, "said": words}:
            told.found.append((what, words))


def judge(stage: Stage, told: Told, found: Found) -> Iterator[tuple[str, str]]:
    """Yield what is wrong: in which way, and of what."""
    yield from told.found
    if found.refused:
        yield "start refused", found.refused
        return
    yield from (("problem", problem) for problem in found.problems)
    yield from compare(stage, told.operations, found.state, "")
    for count, state in told.seen:
        yield from compare(stage, told.operations[:count], state, "seen in the process: ")
    yield from judge_backup(stage, told, found)
    yield from judge_settings(told, found)
    yield from judge_keys(stage, told, found)


def compare(stage: Stage, said: list[Said], after: State, where: str) -> Iterator[tuple[str, str]]:
    """Compare each collection with all that it may be."""
    names = {
        *stage.state,
        *stage.backup,
        *(one.operation.collection for one in said if one.operation.collection),
        *after,
    }
    for name in sorted(names):
        own = [one for one in said if one.operation.collection == name or one.operation.kind == "restore"]
        candidates = possible(stage, name, own)
        there = after.get(name)
        if any(there is one if one is None else one.same(there) for one in candidates):
            continue
        known = ever(stage.state.get(name), (one.operation for one in own))
        verdicts = [differences(name, one, there, known) for one in candidates]
        verdict = min(verdicts, key=lambda one: one.lost + one.back + one.phantom)
        words = "; ".join(one.words for one in own if one.words)
        said_of_it = f"{where}{'; '.join(verdict.said[:3])} [{words}]"
        doubted = possible(stage, name, [msgspec.structs.replace(one, done=one.done or None) for one in own])
        if any(there is one if one is None else one.same(there) for one in doubted):
            yield "refused but there", said_of_it
            continue
        if verdict.lost:
            yield "lost", said_of_it
        if verdict.back:
            yield "back", said_of_it
        if verdict.phantom:
            yield "phantom", said_of_it


def possible(stage: Stage, name: str, said: Iterable[Said]) -> list[Contents | None]:
    """Return what a collection may hold: operations that were done have an effect, those refused have none."""
    candidates = [normal(name, stage.state.get(name))]
    for one in said:
        without = [] if one.done else candidates
        with_ = [] if one.done is False else [effect(stage, name, before, one.operation) for before in candidates]
        candidates = distinct([*with_, *without])
    return candidates


def effect(stage: Stage, name: str, before: Contents | None, operation: Operation) -> Contents | None:
    if operation.kind == "restore":
        return normal(name, stage.backup.get(name, before))
    if before is None and operation.kind not in {"create", "drop"}:
        return None  # what the process itself would have refused
    return normal(name, apply(None if before is None else before.copy(), operation))


def normal(name: str, contents: Contents | None) -> Contents | None:
    """The default collection is always there."""
    return EMPTY.copy() if contents is None and name == DEFAULT else contents


def distinct(candidates: list[Contents | None]) -> list[Contents | None]:
    kept: list[Contents | None] = []
    for one in candidates:
        if not any(other is one if one is None else one.same(other) for other in kept):
            kept.append(one)
    return kept


def judge_backup(stage: Stage, told: Told, found: Found) -> Iterator[tuple[str, str]]:
    for place, one in enumerate(told.operations):
        if one.operation.kind == "backup":
            if one.done and (found.backup is None or set(found.backup) != set(stage.state)):
                yield "lost", "the backup lacks collections"
            whole = {**dict.fromkeys(stage.state), **(found.backup or {})}
            there = {name: contents for name, contents in whole.items() if contents is not None}
            before = msgspec.structs.replace(stage, state={name: stage.state[name] for name in there})
            yield from compare(before, told.operations[:place], there, "backup: ")


def judge_settings(told: Told, found: Found) -> Iterator[tuple[str, str]]:
    for one in told.operations:
        if one.operation.kind == "settings" and one.done is not None:
            changed = '"german"' in found.settings or '"passages":null' in found.settings
            if changed and not one.done:
                yield "refused but there", f"settings: {found.settings} [{one.words}]"
            if one.done and not changed:
                yield "lost", f"settings: {found.settings}"


def judge_keys(stage: Stage, told: Told, found: Found) -> Iterator[tuple[str, str]]:
    before = {key.id: key.sha256 for key in stage.keys}
    after = dict(found.keys)
    for one in told.operations:
        if one.operation.kind.startswith("keys ") and one.done is not None:
            changed = {
                "keys add": len(after) == len(before) + 1 and before.items() <= after.items(),
                "keys revoke": after == {},
                "keys rotate": after.keys() == before.keys() and after != before,
            }[one.operation.kind]
            if one.done and not changed:
                yield "lost", f"keys: {after} after {before}"
            if not one.done and after != before:
                yield "refused but there", f"keys: {after} after {before} [{one.words}]"
