"""Stands in for the command that retrains: says how far it is, and ends when a file `go` appears beside that."""

import json
import signal
import sys
import time
from pathlib import Path
from typing import Any

FIGURES = [
    {"kind": "HAM10000, dermatoscope", "figure": "melanoma_warned", "present": 0.9, "new": 0.94, "is_worse": False},
    {"kind": "Training pool of the bot", "figure": "warning_specificity", "present": 0.8, "new": 0.7, "is_worse": True},
]


def main() -> None:
    options = dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    out, pool = Path(options["--out"]), Path(options["--pool"])
    if "--broken" in options:
        sys.exit("No module named 'torch'")
    if not (pool / "labels.csv").is_file() or not Path(options["--weights"], "registry.json").is_file():
        sys.exit("no pool or no weights")

    def say(state: str, **more: Any) -> None:
        part = out / "progress.part"
        part.write_text(json.dumps({"state": state, "version": "2.2.0", **more}))
        part.replace(out / "progress.json")

    def stop(*_: object) -> None:
        say("cancelled")
        sys.exit(1)

    signal.signal(signal.SIGTERM, stop)
    network = {"network": "fixcaps", "number": 1, "of": 1}
    say("training", **{**network, "epoch": 2, "epochs": 4, "step": 17, "steps": 300, "seconds_left": 700.0})
    while not (out / "go").exists():
        time.sleep(0.05)
    (out / "report.md").write_text("# fixcaps-2.2.0 beside fixcaps-2.1.0\n")
    say("finished", candidate=str(out / "candidate"), figures=FIGURES)
    # A real one closes its files.
    time.sleep(0.5)


if __name__ == "__main__":
    main()
