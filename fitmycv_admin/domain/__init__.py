"""What is true of FitMyCV whoever asks; commands change, queries show."""
