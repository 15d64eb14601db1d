"""`python -m bot`: read the settings, then run the bot until it is stopped."""

import asyncio
import gc
import sys

from bot.error_reports import report_errors
from bot.errors import StartupError
from bot.logs import set_up_logging
from bot.running import run
from bot.settings import load_settings
from bot.telegram.rate_limit import PACE, Pace


def main(pace: Pace = PACE) -> int:
    """Exit status: 0 after an orderly stop, 1 if another bot uses the data or the token, 2 if a setting is wrong."""
    try:
        settings = load_settings()
        secrets = (settings.token,) if settings.bot_token else ()
        set_up_logging(settings.log_level, settings.log_format, secrets)
        report_errors(settings.sentry_dsn.get_secret_value() if settings.sentry_dsn else None)
        # Imported modules live as long as the process. Without this, the search for garbage in them sometimes blocked
        # the event loop for 0.3 s.
        gc.freeze()
        asyncio.run(run(settings, pace))
    except StartupError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
