"""The message pipeline: intake, workers, and scheduled messages."""
