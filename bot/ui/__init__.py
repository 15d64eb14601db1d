"""The user interface: texts, replies, buttons, commands and languages."""
