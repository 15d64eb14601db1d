"""How the bot speaks to Telegram: the client and its rate limits."""
