"""The engine: thousands of small models trained as lanes of one tensor program, each result stored exactly once."""

import os

# MKL otherwise chooses a product's kernel by where its matrix lies in memory, so that a lane's last bits depend on its
# place in the chunk (seen for transposed 100 x 33 times 100 x 17 in float64); measured cost: none.  It is read at the
# first product of the process, hence here.
os.environ.setdefault("MKL_CBWR", "AUTO,STRICT")
