"""Weighs what is sought by how rare it is among all documents, those of the index and those beside it together."""

from collections.abc import Mapping

import msgspec

from index.words.beside import Beside, Waiting
from index.words.bm25 import Weights, rarity, rounded_rarity
from index.words.reading import Reading
from index.words.sought import Sought

MAX_STEMS = 1_024  # 6 ms among 200,000 documents; four times as many take 46
FORGIVEN_SHARE = 0.5  # of what the word itself would add


def weighed(reading: Reading, beside: Beside, waiting: Mapping[int, Waiting], sought: Sought) -> Weights:
    """Return the weights of all that is sought; of more than MAX_STEMS stems those that add most."""
    everything = reading.documents + len(waiting)
    average_length = reading.average_length or average(waiting)
    if waiting or len(sought.stems) > MAX_STEMS:
        weights = stem_weights(reading, waiting, sought, average_length)
    else:
        weights = Weights(average_length, {}, {stem: float(count) for stem, count in sought.stems.items()})
    if not sought.phrases and sought.beginning is None and not sought.forgiven:
        return weights

    def weight(in_index: int, in_waiting: int) -> float:
        return rarity(everything, min(everything, in_index + in_waiting))

    def stem_weight(stem: str) -> float:
        return weight(reading.holding(stem), holding(waiting, stem))

    beginning = sought.beginning
    return msgspec.structs.replace(
        weights,
        phrases={phrase: sum(map(stem_weight, phrase)) for phrase in sought.phrases},
        beginning=0.0
        if beginning is None
        else weight(reading.beginning_with(beginning), beside.beginning_with(waiting, beginning)),
        forgiven={
            word: FORGIVEN_SHARE * weight(reading.holding_about(word), beside.holding_about(waiting, word))
            for word in sought.forgiven
        },
    )


def stem_weights(reading: Reading, waiting: Mapping[int, Waiting], sought: Sought, average_length: float) -> Weights:
    everything = reading.documents + len(waiting)
    rarities, factors = {}, {}
    for stem, count in sought.stems.items():
        inside, outside = reading.holding(stem), holding(waiting, stem)
        if inside + outside:
            rarities[stem] = count * rarity(everything, inside + outside)
            factors[stem] = rarities[stem] / rounded_rarity(reading.documents, inside)
    kept = sorted(rarities, key=lambda stem: -rarities[stem])[:MAX_STEMS]
    return Weights(
        average_length,
        {stem: rarities[stem] for stem in kept},
        {stem: factors[stem] for stem in kept},
        ignored=len(rarities) - len(kept),
    )


def holding(waiting: Mapping[int, Waiting], stem: str) -> int:
    return sum(stem in one.stems for one in waiting.values())


def average(waiting: Mapping[int, Waiting]) -> float:
    return sum(one.length for one in waiting.values()) / len(waiting) if waiting else 0.0
