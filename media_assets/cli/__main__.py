"""`python -m media_assets.cli`: what `media-assets` starts, where its script is not on the PATH."""

from __future__ import annotations

from media_assets.cli import main

if __name__ == "__main__":
    main()
