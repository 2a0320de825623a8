"""Fields of forms: what a person types or chooses."""
