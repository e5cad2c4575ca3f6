"""Artifacts in a bucket: published by conditional writes, so that none is lost or doubled."""
