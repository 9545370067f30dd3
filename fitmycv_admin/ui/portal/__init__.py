"""The portal of end users."""
