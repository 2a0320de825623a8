"""Bech32, the text form of age recipients and identities, without a length limit."""

from collections.abc import Iterable

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
CHECKSUM_LENGTH = 6
GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


class Bech32Error(ValueError):
    """A text is not Bech32; callers turn it into a `MangroveError` that says what it should be."""


def encode(prefix: str, data: bytes) -> str:
    """Return ``data`` as lower-case Bech32 text under a human-readable prefix.

    Source: BIP 173, section "Bech32".
    """
    words = _regroup(data, 8, 5, pad_tail=1)
    mask = _polymod([*_expand(prefix), *words, *[0] * CHECKSUM_LENGTH]) ^ 1
    checksum = [(mask >> 5 * (CHECKSUM_LENGTH - 1 - place)) & 31 for place in range(6)]
    return prefix + "1" + "".join(CHARSET[word] for word in [*words, *checksum])


def decode(text: str) -> tuple[str, bytes]:
    """Return prefix (in lower case) and data of a Bech32 text.

    Raises:
        Bech32Error: Mixed case, a foreign character, a wrong checksum or loose bits.
    """
    if text not in (text.lower(), text.upper()):
        raise Bech32Error("mixed case")
    prefix, separator, rest = text.lower().rpartition("1")
    if not separator or not prefix or len(rest) < CHECKSUM_LENGTH:
        raise Bech32Error("no prefix or no checksum")
    if not all("!" <= letter <= "~" for letter in prefix):
        raise Bech32Error("prefix with foreign characters")
    words = [CHARSET.find(letter) for letter in rest]
    if -1 in words:
        raise Bech32Error("foreign character")
    if _polymod([*_expand(prefix), *words]) != 1:
        raise Bech32Error("wrong checksum")
    return prefix, bytes(_regroup(words[:-CHECKSUM_LENGTH], 5, 8, pad_tail=0))


def _expand(prefix: str) -> list[int]:
    codes = [ord(letter) for letter in prefix]
    return [code >> 5 for code in codes] + [0] + [code & 31 for code in codes]


def _polymod(words: Iterable[int]) -> int:
    value = 1
    for word in words:
        top = value >> 25
        value = (value & 0x1FFFFFF) << 5 ^ word
        for bit, term in enumerate(GENERATOR):
            if top >> bit & 1:
                value ^= term
    return value


def _regroup(words: Iterable[int], width: int, new_width: int, *, pad_tail: int) -> list[int]:
    buffer, held, regrouped = 0, 0, []
    for word in words:
        buffer = (buffer << width) | word
        held += width
        while held >= new_width:
            held -= new_width
            regrouped.append(buffer >> held)
            buffer &= (1 << held) - 1
    if pad_tail and held:
        regrouped.append(buffer << (new_width - held))
    elif not pad_tail and (held >= width or buffer):
        raise Bech32Error("loose bits at the end")
    return regrouped
