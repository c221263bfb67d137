"""How figures came about: what every file of figures says besides what was measured."""

import argparse
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from bench.machine import Machine, describe_machine, describe_versions


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Fields may be missing: early files lack some, and not every command has rounds, seconds or flags.

    `seed` is that of all that was random, `versions` are those of the measuring process; `flags` are those of the
    command that have no field of their own.
    """

    model: str | None = None
    provider: str = "cpu"
    seed: int | None = None
    machine: Machine | None = None
    versions: dict[str, str] = {}
    rounds: int | UnsetType = UNSET
    seconds: float | UnsetType = UNSET
    flags: dict[str, str] | UnsetType = UNSET


def origin_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return the fields of Origin that every command fills. Call it before `one_core`, which takes cores away."""
    return {
        "model": options.model,
        "provider": options.provider,
        "seed": options.seed,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
