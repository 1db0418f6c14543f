"""bursar: every cloud bill becomes FOCUS, equals its invoice and belongs to somebody."""

__version__ = "0.1.0"
