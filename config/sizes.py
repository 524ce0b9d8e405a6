"""Sizes in bytes, as people name them."""

KB = 1024
MB = 1024 * KB
GB = 1024 * MB
