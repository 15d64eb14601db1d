"""The connection to Telegram: the client and its rate limits."""
