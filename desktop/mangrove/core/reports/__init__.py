"""Evidence reports: what they say, before anybody decides how it looks."""
