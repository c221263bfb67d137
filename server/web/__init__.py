"""One request and its answer: state, bodies, media types, errors, headers."""
