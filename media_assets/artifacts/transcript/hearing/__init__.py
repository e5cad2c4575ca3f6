"""What engines share: windows of long recordings, guards against invented words, segments that people can read."""
