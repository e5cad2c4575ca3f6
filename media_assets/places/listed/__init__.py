"""What sources share that are watched by listing them: the memory of the last look, and which files are whole."""
