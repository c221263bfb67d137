"""Whether a request that lasts is still allowed: its key may be revoked or end meanwhile."""

from collections.abc import Callable

# How long a request may go on before its key is looked at again.
AGAIN_S = 1.0


class Standing:
    """Call it wherever a request goes on; `check` raises once it must not."""

    __slots__ = ("_check", "_checked_s", "_clock")

    def __init__(self, check: Callable[[], None], clock: Callable[[], float]) -> None:
        self._check = check
        self._clock = clock
        self._checked_s = clock()

    def __call__(self) -> None:
        """Check again, unless that was done within the last second.

        Raises:
            UnauthorizedError, ForbiddenError: the key is gone, has ended, or does not allow this any more.
        """
        now_s = self._clock()
        if now_s - self._checked_s >= AGAIN_S:
            self._check()
            self._checked_s = now_s
