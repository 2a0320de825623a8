"""Marks texts that are translated later than where they are written."""


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802 - the name lupdate looks for
    """Mark a text for translation; returns it as it is."""
    del context
    return text
