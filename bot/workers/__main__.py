"""`python -m bot.workers`: analyse photos for a bot that runs elsewhere, with WORKERS processes, until stopped."""

import asyncio
import sys

from bot.errors import StartupError
from bot.logs import set_up_logging
from bot.settings import load_settings
from bot.workers.worker import serve


def main() -> int:
    """Exit status: 0 after an orderly stop, 2 if a setting is wrong."""
    try:
        settings = load_settings()
        set_up_logging(settings.log_level, settings.log_format, ())
        asyncio.run(serve(settings))
    except StartupError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
