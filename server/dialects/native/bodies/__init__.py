"""The bodies of vecd's own dialect, as structs, for decoding, the OpenAPI document and the tests."""
