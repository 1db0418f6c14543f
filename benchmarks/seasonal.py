"""A seasonal baseline from a library, in an environment of its own: statsmodels' robust STL.

Of each series' logarithm, its residual in robust scales. It sees the whole series, days to come included, and need only say which
days stand out. benchmarks/anomaly.py calls it: `uv run --with statsmodels==0.14.5 python seasonal.py IN.npy OUT.npy`; it prints its
CPU seconds.
"""

import sys
import time

import numpy as np
from statsmodels.tsa.seasonal import STL

LIMIT = 4.0


def main() -> None:
    """Which days of which series stand out."""
    cost = np.load(sys.argv[1])
    alarms = np.zeros(cost.shape, dtype=np.bool_)
    began = time.process_time()
    for row, series in enumerate(np.log(cost)):
        rest = STL(series, period=7, robust=True).fit().resid
        alarms[row] = np.abs(rest) > LIMIT * 1.4826 * np.median(np.abs(rest))
    took = time.process_time() - began
    np.save(sys.argv[2], alarms)
    print(f"{took:.3f}")


main()
