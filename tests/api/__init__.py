"""HTTP that is not a screen."""
