"""The overview page; ``plots`` and ``strips`` turn figures into what is drawn, and no more."""
