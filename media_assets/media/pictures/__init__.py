"""Opening pictures of all formats, and their pixels."""
