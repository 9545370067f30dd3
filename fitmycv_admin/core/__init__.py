"""Facts about running a program, none about FitMyCV."""
