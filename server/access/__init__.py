"""Who may call, how much, from where, and at whose charge."""
