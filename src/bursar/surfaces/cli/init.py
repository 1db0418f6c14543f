"""`bursar init`: a commented project to start from."""

from pathlib import Path

import click

EPILOG = """\b
Example:
  bursar init finops && cd finops && bursar doctor"""


@click.command(epilog=EPILOG)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def init(folder: Path) -> None:
    """Write bursar.yaml, rules.yaml, units.yaml, budgets.yaml and exceptions.yaml into FOLDER (default: here), commented.

    Asks nothing, overwrites nothing. The files say what the defaults do; bursar runs the same without them.
    """
    from bursar.operations.project import write_project

    for path in write_project(folder):
        click.echo(f"wrote {path}")
    click.echo("bursar reads local files only; it calls no cloud, and sends nothing but to the channels you name.")
    here = "" if folder == Path() else f"cd {folder} && "
    click.echo(f"Next:  {here}bursar doctor")
