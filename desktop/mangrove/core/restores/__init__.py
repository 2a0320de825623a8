"""What restores and copies do: planned, named, foreseen, and found again when one was killed."""
