"""The way of a message: intake, worker, and what sends messages without a question."""
