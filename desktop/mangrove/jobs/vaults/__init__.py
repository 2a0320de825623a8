"""Bodies that work on a vault itself: look through it, prune, mend, mirror and re-wrap it."""
