"""How well CVs and offers are read, measured on documents made here with the truth beside them."""
