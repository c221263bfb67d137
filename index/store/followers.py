"""Several followers of one writer, told in their order."""

from collections.abc import Sequence

from index.store.group import Changes
from index.store.writer import Follower


class Followers:
    def __init__(self, *followers: Follower) -> None:
        self._followers: Sequence[Follower] = followers

    def admit(self, before: Changes, changes: Changes) -> None:
        for follower in self._followers:
            follower.admit(before, changes)

    def expect(self, changes: Changes) -> None:
        for follower in self._followers:
            follower.expect(changes)

    def applied(self, changes: Changes) -> None:
        for follower in self._followers:
            follower.applied(changes)

    def abandoned(self, changes: Changes) -> None:
        for follower in self._followers:
            follower.abandoned(changes)
