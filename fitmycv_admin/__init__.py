"""The operations dashboard and the portal of FitMyCV."""
