"""What looks for something wrong, and carries the news of it."""
