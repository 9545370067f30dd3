"""CVs, job offers and how well one answers the other."""
