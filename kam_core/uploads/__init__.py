"""What one person brought: read, corrected, matched and looked at in private; published only when they say so."""
