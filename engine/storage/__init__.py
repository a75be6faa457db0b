"""Storage on disk: snapshots, vectors, the log of refreshes."""
