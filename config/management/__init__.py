"""Commands that belong to no app, and what they share."""
