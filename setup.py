"""What pyproject.toml cannot say: a wheel contains the operators' library where a compiler can build it."""

import importlib.util
import logging
import os
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.build_py import build_py

# Loaded as a file: the packages that `import models` needs are not installed while a wheel is built.
KERNELS = Path(__file__).parent / "models" / "kernels" / "build.py"
spec = importlib.util.spec_from_file_location("kernels_build", KERNELS)
assert spec is not None
assert spec.loader is not None
kernels = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = kernels
spec.loader.exec_module(kernels)


class BuildWithKernels(build_py):
    """Compiles the operators into the wheel; in an editable install `python -m models.kernels` does it instead."""

    def run(self) -> None:
        """Copy the packages, then compile: a missing compiler leaves the library out, one that fails is an error."""
        super().run()
        if self.editable_mode:
            return
        folder = Path(self.build_lib) / "models" / "kernels" / "lib"
        try:
            kernels.build(kernels.Recipe(os.environ.get("CXX"), folder=folder), self.announce_kernels)
        except kernels.NoCompilerError as error:
            self.warn(f"kernels: not built: {error}")

    def announce_kernels(self, line: str) -> None:
        self.announce(f"kernels: {line}", level=logging.INFO)


class PlatformDistribution(Distribution):
    """A wheel with compiled code is for one platform."""

    def has_ext_modules(self) -> bool:
        return True


setup(cmdclass={"build_py": BuildWithKernels}, distclass=PlatformDistribution)
