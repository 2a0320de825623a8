"""Decimal128 between its 16 bytes and its text, without passing through another number type.

Source: IEEE 754-2008 decimal128 in binary integer encoding; texts as in the MongoDB specification
"BSON Decimal128 Type Handling in Drivers", sections "to string" and "from string".
"""

import re
from typing import Final

_BIAS: Final = 6176
_MIN_EXPONENT: Final = -6176
_MAX_EXPONENT: Final = 6111
_MAX_DIGITS: Final = 34
_MAX_COEFFICIENT: Final = 10**_MAX_DIGITS - 1
_SIGN: Final = 1 << 127
_INFINITY: Final = 0x78 << 120
_NAN: Final = 0x7C << 120
_LEAST_PLAIN_EXPONENT: Final = -6
_COMBINATION_NAN: Final = 0b11111
_COMBINATION_INFINITY: Final = 0b11110
_COMBINATION_LARGE: Final = 0b11000
_FAR_EXPONENT: Final = 10**9
_FAR_EXPONENT_DIGITS: Final = 9

_NUMBER: Final = re.compile(
    r"([+-]?)(?:([0-9]++)(?:\.([0-9]*+))?|\.([0-9]++))(?:[eE]([+-]?)([0-9]++))?"
)
_SPECIAL: Final = re.compile(r"([+-]?)(?:(inf(?:inity)?)|(nan))", re.IGNORECASE)


def decimal128_text(payload: bytes) -> str:
    """Return the text of a Decimal128, such as ``1.50``, ``-0``, ``1E+6111`` or ``NaN``.

    Args:
        payload: 16 bytes, little-endian as in BSON.
    """
    bits = int.from_bytes(payload, "little")
    sign = "-" if bits & _SIGN else ""
    combination = bits >> 122 & 0x1F
    if combination == _COMBINATION_NAN:
        return "NaN"
    if combination == _COMBINATION_INFINITY:
        return sign + "Infinity"
    if combination >= _COMBINATION_LARGE:  # holds only coefficients out of range: they mean zero
        return sign + _digits_text(0, (bits >> 111 & 0x3FFF) - _BIAS)
    coefficient = bits & ((1 << 113) - 1)
    if coefficient > _MAX_COEFFICIENT:
        coefficient = 0
    return sign + _digits_text(coefficient, (bits >> 113 & 0x3FFF) - _BIAS)


def decimal128_bytes(text: str) -> bytes:
    """Return the 16 little-endian bytes of the Decimal128 written as ``text``.

    Raises:
        ValueError: If it is no such number, or has no exact Decimal128. Nothing is ever rounded.
    """
    if special := _SPECIAL.fullmatch(text):
        sign_text, is_infinity, _ = special.groups()
        bits = _INFINITY if is_infinity else _NAN
        negative = _SIGN if sign_text == "-" and is_infinity else 0
        return (bits | negative).to_bytes(16, "little")
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise ValueError("not a decimal number")
    sign_text, whole, part, only_part, exponent_sign, exponent_digits = number.groups()
    fraction = part or only_part or ""
    exponent = _bounded_exponent(exponent_sign, exponent_digits) - len(fraction)
    coefficient, exponent = _fitted((whole or "") + fraction, exponent)
    bits = (exponent + _BIAS) << 113 | coefficient | (_SIGN if sign_text == "-" else 0)
    return bits.to_bytes(16, "little")


def _digits_text(coefficient: int, exponent: int) -> str:
    digits = str(coefficient)
    adjusted = exponent + len(digits) - 1
    if exponent > 0 or adjusted < _LEAST_PLAIN_EXPONENT:
        mantissa = digits if len(digits) == 1 else f"{digits[0]}.{digits[1:]}"
        return f"{mantissa}E{adjusted:+d}"
    if exponent == 0:
        return digits
    padded = digits.rjust(1 - exponent, "0")
    return f"{padded[:exponent]}.{padded[exponent:]}"


def _bounded_exponent(sign: str | None, digits: str | None) -> int:
    significant = (digits or "").lstrip("0") or "0"
    far = len(significant) > _FAR_EXPONENT_DIGITS
    value = _FAR_EXPONENT if far else int(significant)
    return -value if sign == "-" else value


def _fitted(digits: str, exponent: int) -> tuple[int, int]:
    """Bring digits and exponent into range by moving zeros between them, or refuse."""
    digits = digits.lstrip("0")
    if not digits:
        return 0, min(max(exponent, _MIN_EXPONENT), _MAX_EXPONENT)
    surplus = max(len(digits) - _MAX_DIGITS, _MIN_EXPONENT - exponent)
    if surplus > 0:
        kept = digits.rstrip("0")
        if len(digits) - len(kept) < surplus:
            raise ValueError("a decimal number that Decimal128 cannot hold exactly")
        digits, exponent = digits[: len(digits) - surplus], exponent + surplus
    missing = exponent - _MAX_EXPONENT
    if missing > 0:
        if missing > _MAX_DIGITS - len(digits):
            raise ValueError("a decimal number too large for Decimal128")
        digits, exponent = digits + "0" * missing, _MAX_EXPONENT
    return int(digits), exponent
