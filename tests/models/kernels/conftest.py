"""The operators' library, built from the sources as they are, or the one given with --kernels."""

from pathlib import Path

import pytest

from models import KernelsLibrary
from models.kernels.build import NoCompilerError, Recipe, build
from models.kernels.library import ask_library

NEEDED = {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni"}  # as Linux names them


@pytest.fixture(scope="session")
def library(request: pytest.FixtureRequest) -> KernelsLibrary:
    """Skips where there is no compiler or the processor lacks something; otherwise the library must load."""
    given: Path | None = request.config.getoption("--kernels")
    try:
        found = ask_library(given or build(Recipe(), lambda _: None))
    except NoCompilerError as error:
        pytest.skip(str(error))
    if isinstance(found, KernelsLibrary):
        return found
    if processor_flags() >= NEEDED:
        pytest.fail(f"the processor has {', '.join(sorted(NEEDED))}, and yet: {found.reason}")
    pytest.skip(found.reason)


@pytest.fixture(scope="session")
def kernels(library: KernelsLibrary) -> Path:
    return library.path


def processor_flags() -> set[str]:
    """What Linux says of the first processor, independently of the library."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    return next((set(line.split()) for line in lines if line.startswith("flags")), set())
