"""Weighs what is sought by how rare it is among all documents, those of the index and those beside it together."""

import msgspec

from index.words.bm25 import Weights, rarity, rounded_rarity
from index.words.late import Late
from index.words.reading import Reading
from index.words.sought import Sought

MAX_STEMS = 1_024  # 6 ms among 200,000 documents; four times as many take 46
FORGIVEN_SHARE = 0.5  # of what the word itself would add


def weighed(reading: Reading, late: Late, sought: Sought) -> Weights:
    """Return the weights of all that is sought; of more than MAX_STEMS stems those that add most."""
    everything = reading.documents + len(late.lengths)
    average_length = reading.average_length or late.average_length
    if late.lengths or len(sought.stems) > MAX_STEMS:
        weights = stem_weights(reading, late, sought, average_length)
    else:
        weights = Weights(average_length, {}, {stem: float(count) for stem, count in sought.stems.items()})
    if not sought.phrases and sought.beginning is None and not sought.forgiven:
        return weights

    def weight(inside: int, outside: int) -> float:
        return rarity(everything, min(everything, inside + outside))

    def stem_weight(stem: str) -> float:
        return weight(reading.holding(stem), late.holding(stem))

    begun = 0 if sought.beginning is None else reading.beginning_with(sought.beginning)
    return msgspec.structs.replace(
        weights,
        phrases={phrase: sum(map(stem_weight, phrase)) for phrase in sought.phrases},
        beginning=weight(begun, len(late.beginning)),
        forgiven={
            word: FORGIVEN_SHARE * weight(reading.holding_about(word), len(late.forgiven.get(word, ())))
            for word in sought.forgiven
        },
    )


def stem_weights(reading: Reading, late: Late, sought: Sought, average_length: float) -> Weights:
    everything = reading.documents + len(late.lengths)
    rarities, factors = {}, {}
    for stem, count in sought.stems.items():
        inside, outside = reading.holding(stem), late.holding(stem)
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


def worth(reading: Reading, late: Late, sought: Sought) -> float:
    """Return the score of a document of average length that holds each stem of the query once."""
    everything = reading.documents + len(late.lengths)
    return sum(
        count * rarity(everything, reading.holding(stem) + late.holding(stem)) for stem, count in sought.stems.items()
    )
