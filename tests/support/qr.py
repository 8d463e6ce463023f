"""QR codes in a picture, as zxing-cpp reads them; what tests compare with."""

from typing import Any

import zxingcpp


def qr_codes(picture: Any) -> list[zxingcpp.Barcode]:
    """All QR codes and no other kind: one in a thousand has modules that read as an ITF barcode, too."""
    return list(zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode))
