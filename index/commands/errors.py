"""The errors of the commands. They load nothing, so that the command line can name them."""


class CommandError(Exception):
    """A command cannot go on; the message says what was given, what is wrong, and what to do."""


class UnexaminedError(CommandError):
    """What should be checked cannot be: the trouble is around the data, which may well be in order."""


class AwayError(CommandError):
    """The server does not answer, or is too busy to, for longer than was to be waited; `what` says which."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}; is the server well? Run the same command again when it is")
        self.what = what
