"""The real daemon in a process that may open few files: `python -m tests.server.limited COUNT` and its own flags."""

import resource
import sys
from collections.abc import Sequence

from server.__main__ import run
from server.serving import serve
from server.settings import read_settings


def main(arguments: Sequence[str]) -> None:
    count = int(arguments[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))
    serve(read_settings(arguments[1:]))


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
