"""The activity page: what runs, and what ran."""
