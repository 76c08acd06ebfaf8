"""Tests of Silverfish."""
