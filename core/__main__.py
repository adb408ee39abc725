"""``python -m promptdock`` is the ``promptdock`` command."""

from .cli.main import main

if __name__ == "__main__":
    main()
