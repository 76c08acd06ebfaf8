"""HTTP: parse, one action, answer."""
