"""A strip of time with bands, ticks and gaps; ``scale``, ``axis`` and ``marks`` know no Qt."""
