"""Who may call, how much, from where, and whose share of tokens pays for it."""
