"""One heavy first import at a time.

Two threads that import numpy for the first time at once, one of them by way of Chroma, wait for each other's
modules; Python breaks that deadlock by showing one of them a module half made, and its import fails.
"""

import threading
from typing import Final

FIRST_IMPORT: Final = threading.RLock()
"""Held around every import of numpy and Chroma made on first use."""
