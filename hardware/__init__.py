"""Readers, lights and voice behind ``hardware.ports``; drivers are chosen by ``hardware.factory``."""
