"""Runs one command that measures: its flags, its file of figures, its table."""

import argparse
from collections.abc import Callable, Sequence
from types import ModuleType

from bench.errors import BenchError
from bench.figures.outcomes import Outcome, prepare_file, write_json
from bench.options import add_common_arguments
from export import ExportError
from models import ArtifactError
from server.contract.errors import ServerError


def run_command(name: str, about: str, command: ModuleType, arguments: Sequence[str]) -> list[str]:
    """Measure as the command's module does, write the figures, and return the lines of the table.

    Raises:
        BenchError: nothing could be measured; an error of another room becomes this one.
        OSError: the figures cannot be written.
    """
    parser = argparse.ArgumentParser(prog=f"python -m bench {name}", description=about)
    add_common_arguments(parser)
    command.add_arguments(parser)
    options = parser.parse_args(arguments)
    measure: Callable[[argparse.Namespace], Outcome] = command.measure
    prepare_file(options.json)
    try:
        outcome = measure(options)
    except (ArtifactError, ExportError, ServerError) as error:
        raise BenchError(str(error)) from error
    write_json(options.json, outcome.figures)
    return outcome.table
