"""Children that read untrusted bytes: under limits of memory, time and system calls, with checked results."""
