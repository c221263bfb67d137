"""The door to tokenizers: an artifact's tokenizer, which truncates at the model's own length and never pads.

The settings of tokenizer.json are overruled: all-MiniLM-L6-v2's file truncates at 128 and may pad, and both would
silently change embeddings.
"""

from pathlib import Path

from tokenizers import Tokenizer

from models.errors import ArtifactError


def open_tokenizer(path: Path, max_tokens: int) -> Tokenizer:
    """Load tokenizer.json with truncation at `max_tokens` (special tokens included) and without padding.

    Raises:
        ArtifactError: the file is not a tokenizer.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises bare Exception for every damaged file
        message = f"{path} is not a tokenizer: {error}"
        raise ArtifactError(message) from error
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer
