"""`python -m bot.health`: exit status 0 if the bot of this DATA_DIR receives updates, else 1 and one line.

It imports nothing heavy, because a container runs it every half minute.
"""

import os
import sys
import time
from pathlib import Path

# A file in DATA_DIR. Its age is the time since the last successful call for updates. A call without updates takes half
# a minute.
SIGN_OF_LIFE = "polling"
FRESH_SECONDS = 90.0


def main() -> int:
    """Exit status."""
    sign = Path(os.environ.get("DATA_DIR") or "data") / SIGN_OF_LIFE
    try:
        age = time.time() - sign.stat().st_mtime
    except OSError:
        print(f"the bot has not received anything yet: there is no {sign}")
        return 1
    if age > FRESH_SECONDS:
        print(f"the bot has not received for {age:.0f} s")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
