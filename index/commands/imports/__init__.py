"""Importing files and folders, a pass at a time; data flows one way.

What was given (`given`) is walked (`scanning`); what the server knows of it is asked (`known`). Files that may differ
are read (`changes`) and become documents (`documents`), which are sent (`passes`). What is gone is deleted where that
is wanted (`pruning`), and what came of it all is counted (`tally`). `watching` has a pass follow each change, and
`memory` keeps it short. Files in the shape that `export` writes go another way, line by line (`own`).
"""
