"""The rules of hours: pure functions from facts to shifts, credit, books and stars. No I/O, no clock of their own."""
