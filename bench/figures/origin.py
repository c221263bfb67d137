"""How figures came about: what the figures of every command say besides what they measured."""

import argparse
from typing import Any

import msgspec

from bench.machine import Machine, describe_machine, describe_versions


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """The model, where it ran, the seed of all that was random, the machine, and the versions of this process."""

    model: str
    provider: str
    seed: int
    machine: Machine
    versions: dict[str, str]


def origin_fields(options: argparse.Namespace) -> dict[str, Any]:
    """Return Origin's fields, for the figures that hold them. Call it before `one_core`, which takes cores away."""
    return {
        "model": options.model,
        "provider": options.provider,
        "seed": options.seed,
        "machine": describe_machine(),
        "versions": describe_versions(),
    }
