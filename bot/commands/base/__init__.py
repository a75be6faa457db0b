"""The parts that command families share."""
