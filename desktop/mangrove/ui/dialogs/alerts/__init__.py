"""Dialogs about who is told of what is wrong, and when."""
