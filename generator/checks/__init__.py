"""Floor 2: what must hold. From an Edition and a Book to Findings."""
