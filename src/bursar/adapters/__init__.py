"""The outside, behind ports. Wired by `bootstrap` alone."""
