"""What every client embeds: many scripts, signs beyond the first plane, and more words than the model takes."""

import random

# Each of them is one token, and of 256 tokens two are the model's own.
WORDS = tuple(random.Random(3).choices(("bread", "door", "light", "night", "rain", "river", "ship", "stone"), k=300))
KEPT = 254
TEXTS = (
    "Hello world",
    "Übermorgen fährt die Fähre nach Århus, ça va ? Σίσυφος, 東京タワー, العربية, q\u0303",
    "👩‍👩‍👧‍👦 went to 🇫🇷 by 🚲! 🎉 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    " ".join(WORDS),
)
CUT_AT_THE_START = (*TEXTS[:3], " ".join(WORDS[-KEPT:]))
CUT_AT_THE_END = (*TEXTS[:3], " ".join(WORDS[:KEPT]))
