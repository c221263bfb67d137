"""Where an HTTP process is between its start and its end."""


class Lifecycle:
    """`draining`: requests are still taken, but no more should be sent. `leaving`: what would last must end."""

    def __init__(self) -> None:
        self.draining = False
        self.leaving = False

    def drain(self) -> None:
        self.draining = True

    def leave(self, *, leaving: bool) -> None:
        self.leaving = leaving
