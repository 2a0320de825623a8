"""What the command line needs from the program around it, over services that a test made."""

from contextlib import nullcontext
from pathlib import Path

from mangrove.cli.front import Doors
from mangrove.cli.output import Output
from mangrove.services.bundle import Services


def doors_to(services: Services) -> Doors:
    """Return doors to these services; the demo is not there."""

    def no_demo(*, headless: bool, home: Path | None, output: Output) -> int:
        raise RuntimeError(f"demo {headless} {home} {output.as_json}")

    return Doors(lambda: nullcontext(services), no_demo, "1.2.3")
