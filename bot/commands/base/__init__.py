"""What the command families share."""
