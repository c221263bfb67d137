"""How fast and how true vecd is, measured: `python -m bench COMMAND --json FILE`.

Uses the other rooms through their front doors; nothing imports it. A command reports what it measured and leaves the
judgement to the reader of its figures. `report` and `gate` work on files of figures: one shows them, one compares two.
"""
