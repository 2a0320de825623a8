"""Real servers for tests: each starts on a free port, is waited for, and is stopped."""
