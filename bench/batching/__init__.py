"""Which texts run together: vecd's rules and others', simulated on measured costs and held against the real engine."""
