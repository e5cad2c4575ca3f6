"""What turns sound into words, one folder for each engine; `build` makes the one that is set."""
