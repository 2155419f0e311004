"""Who is asking, and which accounts they may see."""
