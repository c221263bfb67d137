"""Filters over metadata: parsed into a tree, compiled to SQL, and weighed by how many documents they leave."""
