"""Gzip, held to its own checksum: the engine reads a cut or damaged file without a word and loses its last rows."""

import zlib

from bursar.domain.errors import BillError, OverLimit
from bursar.ingestion.deliveries import Delivery
from bursar.ingestion.weigh import FREE_BYTES, RATIO

GZIP = 31
"""zlib's window bits for a gzip header and trailer, both checked."""

STEP = 1 << 20


def check_packed(delivery: Delivery) -> None:
    """Read every gzip file of a delivery to its end. Raises BillError for one that is damaged or cut, OverLimit for a bomb."""
    for part in delivery.parts:
        if not part.path.name.lower().endswith(".gz"):
            continue
        check = GzipCheck(part.key)
        with part.path.open("rb") as file:
            while chunk := file.read(STEP):
                check.feed(chunk)
        check.finish()


class GzipCheck:
    """Fed a file's bytes in order, tells whether they are whole gzip members that unpack to a sensible size. Keeps nothing."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._member = zlib.decompressobj(GZIP)
        self._begun = False
        self._packed = 0
        self._unpacked = 0

    def feed(self, data: bytes) -> None:
        """The next bytes. Raises BillError for damage, OverLimit for a bomb."""
        self._packed += len(data)
        while data:
            if self._member.eof:
                data = data.lstrip(b"\0")
                if not data:
                    return
                self._member = zlib.decompressobj(GZIP)
            self._begun = True
            try:
                self._unpacked += len(self._member.decompress(data, STEP))
            except zlib.error as error:
                raise self._damaged(f"damaged: {error}") from error
            if self._unpacked > max(FREE_BYTES, self._packed * RATIO):
                raise OverLimit(f"{self._key}: unpacks to far more than a bill of its size can", cure="Ask whoever sent it what it is.")
            data = self._member.unconsumed_tail or self._member.unused_data

    def finish(self) -> None:
        """No more bytes. Raises BillError when the last member is not whole."""
        while not self._member.eof and (tail := self._member.decompress(self._member.unconsumed_tail, STEP)):
            self._unpacked += len(tail)
        if self._begun and not self._member.eof:
            raise self._damaged("cut short")

    def _damaged(self, what: str) -> BillError:
        return BillError(f"{self._key}: {what}", cure="Fetch the file again; it was not copied whole.")
