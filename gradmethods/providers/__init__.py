"""The three methods, one a file."""
