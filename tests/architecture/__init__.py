"""Tests of the whole: the schema, the layers and the pages that describe them."""
