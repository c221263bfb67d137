"""Histories of concurrent clients of a server that is killed, checked for linearizability."""
