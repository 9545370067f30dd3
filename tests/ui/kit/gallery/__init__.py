"""Every component of the kit on five screens, to look at them and to test them."""
