"""Google Drive as Drive for desktop, or another program, shows it on this machine."""
