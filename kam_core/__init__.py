"""Key account management: from order files to figures, one definition each."""

import os

# Before numpy is first imported: the models solve systems of four equations, on which several threads only wait for
# each other (a fit of 20,000 accounts: 2 s on one thread, 11 s on two).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
