"""What to say when the catalog does not list what a vault holds."""

from mangrove.core.command_line import command_line


def rebuilding(vault: str = "VAULT") -> str:
    """Return the command that reads a vault anew; its name is filled in where it is known."""
    return command_line("vault", "rebuild-catalog", vault)


def unlisted(what: str, why: str, vault: str = "VAULT") -> str:
    """Say that something is kept, but not listed, and what lists it.

    Args:
        what: Such as "the backup".
        why: What kept it from being listed.
        vault: Where it is kept.
    """
    return f"{what} is kept, but not in the catalog yet ({why}); list it with: {rebuilding(vault)}"
