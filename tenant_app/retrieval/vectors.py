"""Vectors as they are stored: little-endian float32 values of length 1 (L2)."""

import math
import struct
from collections.abc import Sequence
from operator import mul

BYTES_PER_VALUE = 4


class DimensionMismatch(Exception):
    """A vector has another number of values than the stored ones: the embedding model has changed."""

    def __init__(self, found: int, expected: int) -> None:
        super().__init__(f"the vector has {found} values, the stored ones have {expected}")
        self.found = found


def dimension(vector: bytes) -> int:
    """Return how many values a vector has."""
    return len(vector) // BYTES_PER_VALUE


def pack(values: Sequence[float]) -> bytes:
    """Return the stored form of a vector; it is not normalised here."""
    return struct.pack(f"<{len(values)}f", *values)


def unpack(vector: bytes) -> tuple[float, ...]:
    """Return the values of a vector. Raises struct.error when the bytes are not whole values."""
    return struct.unpack(f"<{dimension(vector)}f", vector)


def cosine(left: bytes, right: bytes) -> float:
    """Return the cosine of two stored vectors, -1 to 1. Raises DimensionMismatch."""
    if len(left) != len(right):
        raise DimensionMismatch(dimension(left), dimension(right))
    return math.fsum(map(mul, unpack(left), unpack(right)))
