"""`python -m index COMMAND`: one file a command, each with `add_arguments` and `run`, and what they share.

Some look at a data folder (doctor, restore: a stopped one; stats, backup, export: also one in use), some are clients of
a running server, which embeds (import, reindex).
"""
