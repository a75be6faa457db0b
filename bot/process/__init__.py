"""The operating system: locks, sockets, child processes, signals, logs."""
