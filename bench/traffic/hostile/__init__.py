"""Clients that do the worst that the limits allow, in a process of their own."""
