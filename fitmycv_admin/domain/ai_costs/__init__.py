"""What calls of language models cost: each call, its price, and who spent it."""
