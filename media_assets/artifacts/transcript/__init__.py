"""What is said in a recording, with times."""
