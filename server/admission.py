"""The door of the engine: how many requests may be in work at once. A full house refuses at once, whole."""

from collections.abc import Iterator
from contextlib import contextmanager

from server.errors import OverloadedError, UnavailableError


class Admission:
    """Counts the requests in work. Used from the event loop alone."""

    def __init__(self, max_concurrent_requests: int) -> None:
        self.max_concurrent_requests = max_concurrent_requests
        self.active = 0
        self.open = True

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Hold a place while the request is in work.

        Raises:
            OverloadedError: every place is taken.
            UnavailableError: the server is draining.
        """
        if not self.open:
            message = "the server is stopping"
            raise UnavailableError(message)
        if self.active >= self.max_concurrent_requests:
            message = f"{self.active} requests are in work, max_concurrent_requests is {self.max_concurrent_requests}"
            raise OverloadedError(message)
        self.active += 1
        try:
            yield
        finally:
            self.active -= 1
