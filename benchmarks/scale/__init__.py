"""What `benchmarks/library_scale.py` is made of."""
