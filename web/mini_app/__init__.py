"""The Mini App: the body map with a person's moles, opened from the chat inside Telegram. It changes nothing."""
