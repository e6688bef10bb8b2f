"""The exhibits of the comparison: a figure or table a file, or several of one kind."""
