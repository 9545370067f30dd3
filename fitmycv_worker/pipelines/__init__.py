"""What a worker does with a model, from input to typed result; no database here."""
