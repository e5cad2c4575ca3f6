"""What a file of the library is: identity, checksums, times, and what a probe finds. Every file has it."""
