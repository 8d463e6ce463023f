"""The rules of hours: pure functions from facts to shifts, credit, books, stars. No I/O, no own clock."""
