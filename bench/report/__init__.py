"""`bench report`: the page, the README's part and the pictures, from the raw results alone.

What is written is a function of the raw files: the same files give the same bytes, so no figure is edited by hand.
"""

from bench.report.command import Places, add_arguments, read, render

__all__ = ["Places", "add_arguments", "read", "render"]
