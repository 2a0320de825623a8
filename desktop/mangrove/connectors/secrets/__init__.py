"""Where secrets are kept: the OS keyring, or this session only. Imports core."""
