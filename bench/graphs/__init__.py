"""Graphs timed without a server: vecd's, optimum's and OpenVINO's, by shape and operator, and the core's peak."""
