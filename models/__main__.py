"""python -m models: train, release and evaluate the networks."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any, Final

import tyro
from tyro.conf import subcommand

from models.commands.evaluation import Compare, Evaluate, Kinds, Refusal, Robustness
from models.commands.release import Convert, Export, Gate, PseudoMasks, Publish, Retrain
from models.commands.train import Train
from models.errors import ModelsError

Command = (
    Annotated[Train, subcommand("train")]
    | Annotated[PseudoMasks, subcommand("pseudo-masks")]
    | Annotated[Export, subcommand("export")]
    | Annotated[Publish, subcommand("publish")]
    | Annotated[Retrain, subcommand("retrain")]
    | Annotated[Gate, subcommand("gate")]
    | Annotated[Convert, subcommand("convert")]
    | Annotated[Evaluate, subcommand("evaluate")]
    | Annotated[Kinds, subcommand("kinds")]
    | Annotated[Refusal, subcommand("refusal")]
    | Annotated[Robustness, subcommand("robustness")]
    | Annotated[Compare, subcommand("compare")]
)
_STYLE: Final = (
    tyro.conf.OmitArgPrefixes,
    tyro.conf.OmitSubcommandPrefixes,
    tyro.conf.SuppressFixed,
    tyro.conf.FlagCreatePairsOff,
)


def parse(arguments: Sequence[str] | None = None) -> Any:
    """Parse the arguments into a command that is ready to run.

    Raises:
        SystemExit: after help, or if an option is wrong; the error is on standard error.
        ModelsError: an option has an impossible value.
    """
    return tyro.cli(Command, prog="python -m models", description=__doc__, args=arguments, config=_STYLE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (1 with one line on standard error when it fails)."""
    try:
        parse(arguments).run()
    except ModelsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
