"""`python -m bot` but for its pace: no test waits for a chat to have had its pause."""

import sys

from bot.__main__ import main
from tests.bot.pace import QUICK

if __name__ == "__main__":
    sys.exit(main(QUICK))
