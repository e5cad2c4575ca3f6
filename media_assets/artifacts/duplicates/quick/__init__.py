"""Files with equal bytes in folders of this machine, found before anything is processed."""
