"""The operators' library, built from the sources as they are, or the one given with --kernels."""

from pathlib import Path

import pytest

from models import KernelsMissing
from models.kernels.build import NoCompilerError, Recipe, build
from models.kernels.library import ask_library


@pytest.fixture(scope="session")
def kernels(request: pytest.FixtureRequest) -> Path:
    given: Path | None = request.config.getoption("--kernels")
    try:
        found = ask_library((given or build(Recipe(), lambda _: None)).resolve())
    except NoCompilerError as error:
        pytest.skip(str(error))
    if isinstance(found, KernelsMissing):
        pytest.skip(found.reason)
    return found.path
