"""What is written: a struct for each file of figures, how the files are read back, and what follows from them."""
