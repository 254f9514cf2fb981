"""Lets ``python -m karkhana.cli`` be the same as the ``karkhana`` program."""

from karkhana.cli import main

main()
