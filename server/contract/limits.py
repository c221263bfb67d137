"""The limits of documents, searches and filters, as the OpenAPI document states them.

The index enforces its own; a test holds the two equal.
"""

MAX_ID_BYTES = 512
MAX_METADATA_FIELDS = 256
MAX_METADATA_KIB = 64
MAX_METADATA_DEPTH = 16
MIN_PASSAGE_TOKENS = 16
MAX_TOP_K = 1_000
MAX_PER_GROUP = 100
MIN_SNIPPET, MAX_SNIPPET = 20, 2_000
MAX_LIFETIME_S = 3_155_760_000  # a hundred years
MAX_FILTER_DEPTH = 8
MAX_FILTER_CONDITIONS = 64
MAX_FILTER_VALUES = 1_000
COLLECTION_NAME = "[a-z0-9_-]{1,64}"
DEFAULT_COLLECTION = "default"
