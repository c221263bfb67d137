"""How long to wait between attempts of what the surroundings refuse: longer each time, until one succeeds."""

FIRST_S, LONGEST_S = 0.1, 10.0


class Rests:
    def __init__(self) -> None:
        self._next_s = FIRST_S

    def next_s(self) -> float:
        """Return how long to wait after one more failure."""
        rest_s, self._next_s = self._next_s, min(2 * self._next_s, LONGEST_S)
        return rest_s

    def reset(self) -> None:
        """Take note of a success."""
        self._next_s = FIRST_S
