"""What the bot says: texts, replies, buttons, commands and languages."""
