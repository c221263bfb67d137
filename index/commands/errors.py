"""The error of the commands. It loads nothing, so that the command line can name it."""


class CommandError(Exception):
    """A command cannot go on; the message says what was given, what is wrong, and what to do."""
