"""Google Drive as Drive for desktop, or another program, shows it on this machine.

What does not belong here: how the folder that it is found at is watched (`folder`).
"""
