"""Thin: parse, ask one question or call one verb of the loop, render."""
