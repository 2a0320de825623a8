"""This machine, as one that holds a server's files."""
