"""Texts to send: seeded, distinct, of exactly known length in tokens, so that no cache helps and tokens are known.

In: a profile and a seed. Out: an endless stream of texts of common words. Every word is one token of BERT's uncased
vocabulary; [CLS] and [SEP] count as two more.
"""

import random
from collections.abc import Iterator
from typing import Literal

import msgspec

Profile = Literal["short", "passages", "mixed"]
PROFILES: tuple[Profile, ...] = ("short", "passages", "mixed")
SPECIAL_TOKENS = 2
# A text's first words spell its number in base 256, which keeps 16 million texts apart.
NUMBER_WORDS = 3
REMEMBERED = 1000

WORDS = tuple(
    """
apple river stone market engine window paper yellow quiet garden metal signal coffee winter summer bridge castle
doctor farmer island jacket kitchen ladder mirror needle orange pencil pocket rabbit saddle silver ticket tunnel
valley wagon whistle anchor basket button candle carpet cheese cotton curtain desert dinner dragon eagle feather
finger forest fountain ghost glass hammer harbor honey horse hotel insect jungle kettle knife lemon letter lion
lizard magnet maple marble meadow melody minute moon morning mountain museum mushroom napkin ocean office onion oven
oxygen paint palace parrot pasture pepper piano pigeon pilot planet plate poem police pond potato prison pupil queen
radio railway rain recipe ribbon rocket roof rope salad salt sand school science scissors seed shadow shark sheep
shelf shell ship shirt shoe shop shoulder sister skin sleep smoke snake snow soap soccer soldier song soup spider
spoon spring square stable stage stairs star station steam storm story street student sugar sunset swamp table
tailor teacher temple tennis theater thunder tiger timber tooth tower train tree truck trumpet turtle uncle village
violin voice volcano wallet water wave wealth weather wheat wheel wind wine wing wizard wolf wood wool world yard
year zebra above across after again along among around before behind below beside better between bitter bright broad
broken careful central certain cheap clean clear clever close cold common correct deep different double early easy
empty equal every famous fast final fresh full general gentle golden grand great green happy heavy hidden high
hollow honest huge human hungry large last late light little local long
""".split()  # noqa: SIM905 - a table of words reads better than a list of strings
)


class SizedText(msgspec.Struct, frozen=True, gc=False):
    """A text and its length in tokens, special ones included."""

    text: str
    tokens: int


def stream_texts(profile: Profile, seed: int, duplicates: float = 0.0) -> Iterator[SizedText]:
    """Yield texts without end; a share of `duplicates` of them repeats one of the last thousand."""
    chance = random.Random(seed)  # noqa: S311 - a load, not a secret
    # Streams begin anywhere among all numbers, so that two seeds hardly ever spell the same text.
    number, recent = chance.randrange(1 << 8 * NUMBER_WORDS), list[SizedText]()
    while True:
        if recent and chance.random() < duplicates:
            yield chance.choice(recent)
            continue
        text = _spell(number, _length(profile, chance), chance)
        number += 1
        if duplicates:
            recent = [*recent[1 - REMEMBERED :], text]
        yield text


def _length(profile: Profile, chance: random.Random) -> int:
    """Return a length in tokens. Mixed: 70% of 5 to 20, 25% of 60 to 120, 5% of 256."""
    match profile:
        case "short":
            return chance.randint(5, 20)
        case "passages":
            return chance.randint(100, 256)
        case "mixed":
            part = chance.random()
            return chance.randint(5, 20) if part < 0.70 else chance.randint(60, 120) if part < 0.95 else 256


def _spell(number: int, tokens: int, chance: random.Random) -> SizedText:
    digits = [WORDS[number >> (8 * place) & 255] for place in range(NUMBER_WORDS)]
    filler = chance.choices(WORDS, k=tokens - SPECIAL_TOKENS - NUMBER_WORDS)
    return SizedText(" ".join(digits + filler), tokens)
