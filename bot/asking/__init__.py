"""What was asked: from the words somebody typed to a verb with its target and options, and whether they may."""
