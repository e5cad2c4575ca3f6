"""What engines share: windows of long recordings, guards against invented words, segments that people can read.

What does not belong here: anything that only one engine needs.
"""
