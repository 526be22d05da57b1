"""What tests and demonstrations are made of: a phantom of exact truth, sample studies, a conformance suite for sources.

Importing this package loads nothing heavy; its modules are imported by name.
"""
