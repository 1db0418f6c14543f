"""Detectors by name. A new one is a class and a row here; `tests/contract/test_detectors.py` holds it to the contract."""

from collections.abc import Callable

from bursar.anomaly.detectors.contract import Detector
from bursar.anomaly.detectors.daily import DailyDetector
from bursar.anomaly.thresholds import Thresholds

DETECTORS: dict[str, Callable[[Thresholds], Detector]] = {
    "daily": lambda thresholds: DailyDetector(thresholds.daily, dip=thresholds.calendar.dip),
}
"""Every detector by the name it has in the scores."""
