"""The lake: immutable snapshots on disk, and the generations that say which of them are the truth."""
