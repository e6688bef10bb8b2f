"""Models of finance and physics."""
