"""How fast and how true vecd is, measured: `python -m bench COMMAND --json FILE`.

Uses the other rooms through their front doors; nothing imports it. A command is one file with `add_arguments` and
`measure`; it reports what it measured, and leaves the judgement to whoever reads the figures. A reader has `read`
instead, and works on files of figures: `report` shows them, `gate` compares two.
"""
