"""The memory that the bodies of all requests in work take, bounded: many large or slow ones must not fill the machine.

What a request holds is given back when it ends. Used from the event loop alone.
"""

from server.contract.errors import OverloadedError
from server.web.request_state import RequestState


class BodyBudget:
    """Counts bytes as they come in."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0

    def hold(self, state: RequestState, size: int) -> None:
        """Count so many more bytes for a request; below zero, so many less.

        Raises:
            OverloadedError: there is no room for them.
        """
        if self.held_bytes + size > self.max_bytes:
            message = (
                f"the bodies of the requests in work have {self.held_bytes} bytes; max_bodies_bytes is {self.max_bytes}"
            )
            raise OverloadedError(message)
        self.held_bytes += size
        state.held_bytes += size

    def release(self, state: RequestState) -> None:
        """Give back what a request held."""
        self.held_bytes -= state.held_bytes
        state.held_bytes = 0
