"""A MongoDB server of our own, started for a demo or a trial restore; imports core only."""
