"""Readers, lights and voice behind small promises (``hardware.ports``); drivers are chosen by ``hardware.factory``."""
