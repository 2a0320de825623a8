"""Bodies about filesystem snapshots: taken, proven, copied, restored, removed."""
