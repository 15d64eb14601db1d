"""The next version of the classifier that serves, from the data sets and the bot's training pool."""
