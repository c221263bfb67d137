"""Weighs what is sought by how rare it is among all documents, those of the index and those beside it together."""

from collections.abc import Mapping

from index.words.beside import Beside, Waiting
from index.words.bm25 import Weights, rarity
from index.words.reading import Reading
from index.words.sought import Sought

MAX_STEMS = 1_024  # 6 ms among 200,000 documents; four times as many take 46
FORGIVEN_SHARE = 0.5  # of what the word itself would add


def weighed(reading: Reading, beside: Beside, waiting: Mapping[int, Waiting], sought: Sought) -> Weights:
    """Return the weights of all that is sought; of more than MAX_STEMS stems those that add most."""
    everything = reading.documents + len(waiting)
    average_length = reading.average_length or average(waiting)
    many = len(sought.stems) > MAX_STEMS
    if not waiting and not many:
        factors = {stem: float(count) for stem, count in sought.stems.items()}
        weights = Weights(average_length, {}, factors)
    else:
        weights = stem_weights(reading, waiting, sought, average_length)
    if sought.beginning is None and not sought.forgiven:
        return weights

    def weight(in_index: int, in_waiting: int) -> float:
        return rarity(everything, min(everything, in_index + in_waiting))

    beginning, forgiven = 0.0, {}
    if sought.beginning is not None:
        found = beside.beginning_with(waiting, sought.beginning)
        beginning = weight(reading.beginning_with(sought.beginning), found)
    for word in sought.forgiven:
        forgiven[word] = FORGIVEN_SHARE * weight(reading.holding_about(word), beside.holding_about(waiting, word))
    return Weights(
        weights.average_length, weights.rarities, weights.factors, beginning, forgiven, ignored=weights.ignored
    )


def stem_weights(reading: Reading, waiting: Mapping[int, Waiting], sought: Sought, average_length: float) -> Weights:
    everything = reading.documents + len(waiting)
    rarities, factors = {}, {}
    for stem, count in sought.stems.items():
        inside = reading.holding(stem)
        holding = inside + sum(stem in one.stems for one in waiting.values())
        if holding:
            rarities[stem] = count * rarity(everything, holding)
            factors[stem] = rarities[stem] / rarity(reading.documents, inside)
    kept = sorted(rarities, key=lambda stem: -rarities[stem])[:MAX_STEMS]
    return Weights(
        average_length,
        {stem: rarities[stem] for stem in kept},
        {stem: factors[stem] for stem in kept},
        ignored=len(rarities) - len(kept),
    )


def average(waiting: Mapping[int, Waiting]) -> float:
    return sum(one.length for one in waiting.values()) / len(waiting) if waiting else 0.0
