"""The state of a library as one file: written by `media-assets export`, taken up by `media-assets import`.

    partitions.jsonl           the keys of all files, in the order in which they were registered
    artifacts/<asset>.jsonl    manifests, and what Dagster recorded when the artifacts were made
    failures/<asset>.jsonl     why files failed
    sources/<source>.json      what the sensor of a source remembers
    duplicates/<name>.jsonl    journals of moved duplicates, by which the moves can be undone
    index.json                 format, origin, and size and checksum of each of the above

Artifacts themselves are in the stores and stay there; secrets and grants are not in it either. What does not belong
here: where a sensor keeps what it remembers (`automation.source_memory`).
"""
