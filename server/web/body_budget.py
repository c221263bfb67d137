"""A bound on the memory of the bodies of all requests in progress, so that large or slow ones cannot fill the machine.

A request's bytes are released when it ends. Used from the event loop only.
"""

from server.contract.errors import OverloadedError
from server.web.request_state import RequestState


class BodyBudget:
    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.held_bytes = 0

    def hold(self, state: RequestState, size: int) -> None:
        """Count `size` more bytes for a request; below zero, fewer.

        Raises:
            OverloadedError: there is no room for them.
        """
        if self.held_bytes + size > self.max_bytes:
            message = (
                f"the bodies of the requests in progress take {self.held_bytes} bytes; "
                f"max_bodies_bytes is {self.max_bytes}"
            )
            raise OverloadedError(message)
        self.held_bytes += size
        state.held_bytes += size

    def release(self, state: RequestState) -> None:
        self.held_bytes -= state.held_bytes
        state.held_bytes = 0
