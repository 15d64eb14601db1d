"""The Telegram application: how photos arrive and how answers go out."""
