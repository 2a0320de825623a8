"""Under which names the window's settings keep what closing and quitting do."""

KEEP_KEY = "closing/keeps_running"
ASKED_KEY = "closing/quits_without_asking"
