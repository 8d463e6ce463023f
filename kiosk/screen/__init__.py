"""The kiosk's screen: what it shows, and the small web server that shows it."""
