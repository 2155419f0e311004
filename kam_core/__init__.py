"""Key account management: from order files to figures, one definition each."""
