"""What is kept on disk: snapshots, vectors, the log of refreshes."""
