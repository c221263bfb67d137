"""The documents of a collection as points of a plane: the two principal components of their vectors."""
