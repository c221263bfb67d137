"""vecd's version, from the metadata of the package."""

from importlib.metadata import version

VERSION = version("vecd")
