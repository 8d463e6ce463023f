"""One blueprint an audience; views parse, call a use case, and choose how to show what came of it."""
