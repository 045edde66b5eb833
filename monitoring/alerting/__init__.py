"""Alertmanager beside the monitor: what is open is posted to it, what it keeps quiet is quiet here."""
