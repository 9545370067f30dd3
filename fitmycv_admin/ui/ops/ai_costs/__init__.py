"""The cost centre: what models cost, the calls behind it, and their prices."""
