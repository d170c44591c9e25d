"""``python -m gmoscli COMMAND ...``."""

from .cli.umbrella import main

if __name__ == "__main__":
    main()
