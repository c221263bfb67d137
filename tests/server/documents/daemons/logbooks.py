"""Logbooks of a harbour: texts of any length that are like each other, and sentences to be found in one of them."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

MONTHS = ("January", "March", "April", "June", "August", "October", "November")
BOATS = ("Petrel", "Anemone", "Corvus", "Halcyon", "Meridian", "Osprey", "Tansy", "Wagtail", "Juniper", "Marigold")
PLACES = ("the north quay", "the dry dock", "the customs shed", "the grain store", "the pilot house", "the fish market",
          "the lower basin", "the rope walk")  # fmt: skip
CARGO = ("barley", "roof slates", "salted herring", "pine boards", "window glass", "olive oil", "coal", "wool", "paper")
CREW = ("the harbour master", "two deckhands", "a retired pilot", "the night watch", "the carpenter", "a young clerk")
WEATHER = ("thick fog", "a stiff westerly", "light rain", "hard frost", "a clear sky", "heavy swell", "drizzle")
FAULTS = ("a torn sail", "a leaking hatch", "a bent rudder", "a cracked winch", "a loose rail", "a blocked pump")
PATTERNS = (
    "The {boat} stayed at {place}.",
    "There was {weather} all day.",
    "The {boat} came in on the {day} of {month} with {cargo} and was moored at {place}.",
    "With {weather} over the water, {crew} kept to {place} until the tide had turned.",
    "On the {boat} they found {fault}, which {crew} mended before the evening.",
    "About {count} crates of {cargo} were counted at {place} and entered in the ledger.",
    "After {weather} in the morning the {boat} left for the islands {count} minutes late.",
    "It was {crew} who reported {fault} on the {boat}, and nobody else had noticed it.",
    "Nothing of note happened at {place} on the {day}, apart from {weather} towards noon.",
    "The dues for {count} barrels of {cargo} were paid at {place} by the owner of the {boat}.",
    "Because of {fault} the {boat} stayed at {place} for {count} hours, to the annoyance of {crew}.",
    "In {month} the price of {cargo} rose again, so {crew} sent the {boat} out twice a week.",
)
PARAGRAPH = 6  # sentences
FACTS = Path(__file__).with_name("facts.tsv")  # a sentence and a question, with a tab between them


class Needle(msgspec.Struct, frozen=True):
    """A sentence with a fact of its own, and a question that it answers.

    The sentence is a tenth of its passage, whose vector says little of it: a question that names the person and asks
    "what" is often nearer to another text by the exact product of float32 vectors, too. So questions say more.
    """

    sentence: str
    question: str


def needles() -> list[Needle]:
    """Return a hundred, each with a name and a subject that no other has."""
    lines = FACTS.read_text("utf-8").splitlines()
    return [Needle(*line.split("\t")) for line in lines]


def sentences(seed: int) -> Iterator[str]:
    """Yield the sentences of a logbook without end, each with the white space after it."""
    random_ = random.Random(seed)
    while True:
        for number in range(PARAGRAPH):
            sentence = random_.choice(PATTERNS).format(
                boat=random_.choice(BOATS), day=f"{random_.randint(4, 20)}th", month=random_.choice(MONTHS),
                cargo=random_.choice(CARGO), place=random_.choice(PLACES), weather=random_.choice(WEATHER),
                crew=random_.choice(CREW), fault=random_.choice(FAULTS), count=random_.randint(5, 90),
            )  # fmt: skip
            yield sentence + ("\n\n" if number == PARAGRAPH - 1 else " ")


def logbook(seed: int, tokens: int, count: Callable[[str], int]) -> list[str]:
    """Return a heading and the sentences of a logbook of so many tokens, as `count` counts them."""
    found, size = [f"Logbook of the harbour, volume {seed}\n\n"], 0
    for sentence in sentences(seed):
        found.append(sentence)
        size += count(sentence)
        if size >= tokens:
            return found
    raise AssertionError
