"""The figures: how well is everything protected, and how is that known. Pure rules and values."""
