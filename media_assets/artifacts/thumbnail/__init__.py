"""What a file looks like: a poster in a few sizes, and a contact sheet of videos."""
