"""What scripts import, under the names that observers know: thin, over what the commands call."""
