"""From taps to shifts: a person's events in corrected order (design.md §4 "Shifts"), pure.

``project(volunteer, taps, *, world, as_of, within=None)`` gives the same shifts for the same facts in any order
and with any repetition. ``derive`` also says what became of each event.
"""
