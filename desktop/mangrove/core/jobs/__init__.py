"""Jobs: what runs by itself and when, what became of it, and what an agent notices."""
