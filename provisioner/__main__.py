"""`python -m provisioner` is `provision`."""

import sys

from provisioner.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
