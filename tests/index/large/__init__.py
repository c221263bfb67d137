"""A collection of as many documents as one is told: filled, killed, looked at, copied, computed anew and dropped."""
