"""The exhibits of the comparison: one figure or table a file, named as it is."""
