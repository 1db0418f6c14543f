"""A simulated company's bills: events first, native rows from events, and the truth beside them.

Every charge is an event with integer amounts. Native files are renderings of events, `truth.json` is their
sum; neither is ever computed from the other, so that a reader of the bills can be measured against the truth.
"""
