"""What turns a transcript into a summary, one folder for each engine; `build` makes the one that is set."""
