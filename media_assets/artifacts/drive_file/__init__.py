"""What a file of the library is: identity, checksums, times, and what a probe finds.

Every file has it, wherever it lies: in a folder, in Google Drive or in a bucket. What does not belong here: anything
that is made of the content.
"""
