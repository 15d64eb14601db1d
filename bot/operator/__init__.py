"""What the operator of the bot does: announcements, retention and watching."""
