"""Point-in-time recovery: oplog slices, what they join to, and which moments can be restored."""
