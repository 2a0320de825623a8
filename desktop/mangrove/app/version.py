"""Which Mangrove this is; asked for without anything else being loaded."""

from importlib.metadata import PackageNotFoundError, version


def tool_version() -> str:
    """Return our own version, from the installed package."""
    try:
        return version("mangrove")
    except PackageNotFoundError:
        return "0+unknown"
