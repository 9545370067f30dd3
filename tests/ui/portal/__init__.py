"""Screens of the portal, by their websocket."""
