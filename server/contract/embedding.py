"""What a call for embeddings gives and gets: texts in, rows out."""

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

# A text, or token ids in its place, which are the whole sequence: no special token is added.
Input = str | tuple[int, ...]
# The end at which a text that is too long is cut, as tokenizers call it.
TruncationSide = Literal["left", "right"]
# Whether a text that is too long may be cut, or else is refused; "windows" reads all of it, and gives a mean.
Truncate = bool | Literal["windows"]
# (texts, dimensions).
Rows = NDArray[np.float32]


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants besides the texts, and for which client.

    Clients share the server fairly, by tokens. Work that has not begun `timeout_s` seconds after the call is dropped;
    None means the setting. `prompt` names one of the model's prompts. `dimensions` cuts the rows (Matryoshka).
    `truncate` None means the setting; "windows" is for `embed` alone, and not for rows of every token. `every_token`
    asks for a row for each token. With `cache` false the cache is neither read nor filled; of what it holds a call is
    given only what calls with the same `cache_owner` have put there, and it joins only these.
    """

    client: str = ""
    timeout_s: float | None = None
    prompt: str | None = None
    normalize: bool = True
    every_token: bool = False
    dimensions: int | None = None
    cache: bool = True
    cache_owner: str = ""
    truncate: Truncate | None = None
    truncation_side: TruncationSide = "right"


class Timing(msgspec.Struct):
    """Seconds of each stage of a request. A run's inference is divided among its texts by tokens, and summed.

    `index_s` is for how long a write was held up since the graph was far behind.
    """

    tokenize_s: float = 0.0
    queue_s: float = 0.0
    inference_s: float = 0.0
    index_s: float = 0.0

    def add(self, other: "Timing") -> None:
        self.tokenize_s += other.tokenize_s
        self.queue_s += other.queue_s
        self.inference_s += other.inference_s
        self.index_s += other.index_s


class Embeddings(msgspec.Struct, frozen=True):
    """Rows (texts, dimensions) float32 in the order of the texts, with the tokens and truncation of each text.

    With `every_token` there is a row for each token, text after text: (tokens, dimensions).
    """

    rows: Rows
    tokens: list[int]
    truncated: list[bool]
    cached_count: int
    timing: Timing


class Token(msgspec.Struct):
    """One token; `start` and `stop` are bytes of the text in UTF-8, null where the tokenizer added the token."""

    id: int
    text: str
    special: bool
    start: int | None
    stop: int | None
