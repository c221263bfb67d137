"""Whether an HTTP process still wants requests."""


class Lifecycle:
    """`draining`: requests are served, but none should be sent any more. `leaving`: long requests must end."""

    def __init__(self) -> None:
        self.draining = False
        self.leaving = False

    def drain(self) -> None:
        self.draining = True

    def leave(self, *, leaving: bool) -> None:
        self.leaving = leaving
