"""One file a command: its flags, and the measurement that it makes of the other wings.

A command has `add_arguments` and `measure`; a reader of figures has `read` in its place.
"""
