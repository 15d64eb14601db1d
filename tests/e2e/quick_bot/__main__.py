"""`python -m bot` but for its pace: no test waits for a chat to have had its pause, nor for a look at the webhook.

It is a `__main__.py`, because the analysis processes import every other kind of main module again, and with it aiogram.
"""

import sys

from bot.__main__ import main
from bot.telegram import registration
from tests.bot.pace import QUICK

if __name__ == "__main__":
    registration.WATCH_SECONDS = 1.0
    sys.exit(main(QUICK))
