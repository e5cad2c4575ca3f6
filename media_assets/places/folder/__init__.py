"""A folder of this machine, or a mounted share."""
