"""Floor 2: what the disclosure says. From an Edition and a Book to a Disclosure."""
