"""Parts that modern networks are made of, each with a small loss."""
