"""Arguments and options that the commands about Atlas share."""

from typing import Annotated

import typer

Cluster = Annotated[
    str,
    typer.Argument(metavar="CLUSTER", help="A linked profile's name, CLUSTER, or PROJECT/CLUSTER."),
]
Account = Annotated[
    str, typer.Option(metavar="A", help="Only through this account; without it through all.")
]
Snapshot = Annotated[
    str, typer.Argument(metavar="SNAPSHOT", help="Its id, the beginning of it, or latest.")
]
Job = Annotated[str, typer.Argument(metavar="JOB", help="Its id, or the beginning of it.")]
