"""`python -m bot`: settings, then the bot until it is stopped."""

import asyncio
import gc
import sys

from bot.application import run
from bot.error_reports import report_errors
from bot.errors import StartupError
from bot.logs import set_up_logging
from bot.settings import load_settings


def main() -> int:
    """Exit status: 0 after an orderly stop, 1 beside another bot on its data or token, 2 for what has to be set up."""
    try:
        settings = load_settings()
        secrets = (settings.token,) if settings.bot_token else ()
        set_up_logging(settings.log_level, settings.log_format, secrets)
        report_errors(settings.sentry_dsn.get_secret_value() if settings.sentry_dsn else None)
        # All that has been imported lives as long as the process. Looking through it for garbage took the event loop
        # 0.3 s every now and then.
        gc.freeze()
        asyncio.run(run(settings))
    except StartupError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
