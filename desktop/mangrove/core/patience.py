"""How long a run waits for what does not answer, and how often it tries again."""

STALL_S = 120.0
"""Without a byte read or written for so long, a run ends."""

RETRY_WAITS_S = (0.5, 2.0, 8.0)
"""Before each new try after a lost connection; an election takes up to about twelve seconds.

Source: MongoDB manual, "Replica Set Elections" (a median of 12 seconds with default settings).
"""

GRACE_S = 1.0
"""How long a cancelled run's last calls may take to end by themselves before they are cut."""

FIRST_SIGN_S = 30.0
"""Within what time a mirror must have given a sign of life, or it is late and not waited for."""

LAST_COPY_S = 300.0
"""How long the end of a capture waits for mirrors that still take what was stored."""
