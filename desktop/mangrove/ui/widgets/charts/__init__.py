"""Charts over time; ``amounts``, ``plots``, ``stacking`` and ``slots`` know no Qt.

Time itself is the timeline's: ``timeline.scale`` and ``timeline.axis``.
"""
