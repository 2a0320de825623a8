"""Which backups stay and which go: policies, the pure rule, and statements about single ones."""
