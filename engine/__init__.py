"""The engine: holds the knowledge bases as vectors and finds every entry at or above a threshold."""
