"""Which files of a library are the same, or nearly: fingerprints, neighbours, groups, and moving copies aside."""
