"""What crosses between kiosk and server, and the rules both apply. Standard library only; no I/O."""
