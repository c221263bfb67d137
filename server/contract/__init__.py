"""What HTTP may ask of what computes and keeps: plain structs in, plain structs out. Imports nothing of vecd."""
