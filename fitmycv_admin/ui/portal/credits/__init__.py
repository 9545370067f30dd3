"""What a person has, what it is for, and where it went."""
