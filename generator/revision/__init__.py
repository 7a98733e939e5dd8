"""Generating again without losing what was edited by hand: three versions of a document merged block by block."""
