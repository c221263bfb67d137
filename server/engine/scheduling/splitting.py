"""How waiting texts are cut into runs. Pure functions.

The cheapest split into padded runs, and the share of the work that one worker takes so that all finish together.
"""

from collections.abc import Sequence

import numpy as np

from server.engine.scheduling.cost import Cost

# No run is free, even where the fit says so: of two splits with the same cost, the one with fewer runs is better.
MIN_RUN_S = 1e-6


def cheapest_split(lengths: Sequence[int], cost: Cost, max_tokens: int) -> list[int]:
    """Return the sizes, in texts, of the cheapest padded runs; `lengths` are in ascending order.

    A run costs as much as its longest text, times its texts; it holds at most `max_tokens` with padding, but at least
    one text. In ascending order one of the cheapest splits has runs of adjacent texts, so dynamic programming over the
    ends of runs finds it: best[end] is the least cost of the texts before `end`.
    """
    count, run_s = len(lengths), max(MIN_RUN_S, cost.run_s)
    places = np.arange(count + 1)
    best = np.zeros(count + 1)
    starts = np.zeros(count + 1, np.int64)
    for end in range(1, count + 1):
        length = lengths[end - 1]
        low = max(0, end - max(1, max_tokens // length))
        text_s = cost.of_text(length)
        choices = best[low:end] - places[low:end] * text_s
        chosen = int(choices.argmin())
        starts[end] = low + chosen
        best[end] = choices[chosen] + end * text_s + run_s
    sizes = []
    while count:
        sizes.append(count - int(starts[count]))
        count = int(starts[count])
    return sizes[::-1]


def share_of_work(work_s: float, others_busy_s: Sequence[float]) -> float:
    """Return the seconds of waiting work for an idle worker, so that all workers finish together.

    The others are busy for `others_busy_s` more, 0 where idle; each then takes its own share. The time at which all
    finish is the water level of the work poured over them (water-filling).
    """
    level, workers = work_s, 1
    for busy_s in sorted(others_busy_s):
        if busy_s >= level:
            break
        level = (level * workers + busy_s) / (workers + 1)
        workers += 1
    return level
