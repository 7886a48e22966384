"""Measurements of the promises in numbers: `python -m benchmarks NAME`.

Each prints the machine and a Markdown table of what was measured, beside what it could at best have been
in the same run. Results of a known machine are kept in docs/developers/benchmarks.md.
"""
