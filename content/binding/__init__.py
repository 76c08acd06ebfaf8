"""Binds manuscripts into EPUB and PDF, and sources into zips, the same bytes every time."""
