"""From what is known of each file to groups of equal and nearly equal ones."""
