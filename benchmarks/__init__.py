"""Long measurements, run by `python -m benchmarks NAME`; results of record lie in `results`."""
