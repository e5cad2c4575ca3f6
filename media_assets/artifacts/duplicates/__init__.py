"""Which files of a library are the same, or nearly: an index, groups, and moving copies aside."""
