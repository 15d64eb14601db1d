"""`python -m bot.health`: exit status 0 if the bot of this DATA_DIR receives updates, else 1 and one line.

`python -m bot.health worker` looks for a worker that runs. It imports nothing heavy, because a container runs it every
half minute.
"""

import os
import sys
import time
from pathlib import Path

# A file in DATA_DIR. Its age is the time since the last successful call for updates. A call without updates takes half
# a minute.
SIGN_OF_LIFE = "polling"
# The same of a worker, which leaves it at intervals.
WORKER_SIGN = "working"
FRESH_SECONDS = 90.0


def main() -> int:
    """Exit status."""
    name = WORKER_SIGN if "worker" in sys.argv[1:] else SIGN_OF_LIFE
    sign = Path(os.environ.get("DATA_DIR") or "data") / name
    try:
        age = time.time() - sign.stat().st_mtime
    except OSError:
        print(f"there has been no sign of life yet: there is no {sign}")
        return 1
    if age > FRESH_SECONDS:
        print(f"the last sign of life is {age:.0f} s old")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
