"""Components that know no State."""
