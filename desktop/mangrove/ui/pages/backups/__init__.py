"""The backups page, and the pane of filesystem snapshots on it."""
