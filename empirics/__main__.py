"""`python3 -m empirics sweep ...`: the command line from a bare checkout, without installing anything."""

from theory.cli import main

if __name__ == "__main__":
    main()
