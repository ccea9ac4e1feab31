"""Frontdesk: what visitors write, held private, moderated, and brought to staff."""
