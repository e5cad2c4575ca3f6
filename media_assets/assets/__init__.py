"""One module for each artifact; `pipeline` puts them in order."""
