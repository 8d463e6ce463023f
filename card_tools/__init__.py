"""What a card says: making, printing, writing and checking it."""
