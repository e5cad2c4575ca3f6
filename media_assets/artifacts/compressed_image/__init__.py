"""A photo in fewer bytes, without a loss that can be seen."""
