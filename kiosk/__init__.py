"""The kiosk at the door: reads cards, decides, stores, tells, and syncs when it can."""
