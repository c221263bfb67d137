"""What people use in place of vecd: how each is installed, built and started, all from one checkpoint."""
