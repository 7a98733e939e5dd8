"""Floor 0: immutable values that every other floor speaks. No third-party imports."""
