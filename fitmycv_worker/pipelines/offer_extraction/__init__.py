"""From the text of an advert to an offer whose every requirement keeps the sentence it was read in."""
