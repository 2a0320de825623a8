"""The printed sheet of a recovery kit, as a PDF."""

import io
from collections.abc import Iterable
from datetime import datetime

import segno
from fpdf import FPDF
from fpdf.enums import WrapMode, XPos, YPos

from mangrove.core.profile import Profile
from mangrove.core.vaults.key_changes import holders
from mangrove.core.vaults.kit import RecoveryKit
from mangrove.vault.kit.by_hand import steps

MARGIN = 18.0
WIDTH = 210.0 - 2 * MARGIN
QR_SIZE = 44.0
BODY, SMALL, MONO = 10, 8.5, 8.2
LINE = 5.0


def sheet_of(kit: RecoveryKit, code: str) -> bytes:
    """Return the PDF: A4, black on white, letters that every viewer has.

    What has no sign in these letters (WinAnsi) is written as an escape; the kit's file has it
    as it is.
    """
    sheet = _Sheet(kit.spec.name, kit.made_at)
    sheet.first_page(kit, code)
    sheet.place(kit)
    sheet.by_hand(kit)
    return sheet.output()


_PURPOSE = (
    "With this sheet the backups in the vault can be opened when the computer that made them is"
    " gone. Whoever has it can read them all: print it, keep it where your passports are, and"
    " delete the file that you printed."
)
_PLAIN_PURPOSE = (
    "The backups in this vault are not encrypted: whoever reaches the place they are in can read"
    " them, with this sheet or without it. The sheet says where they are and how to see that they"
    " are genuine. Its file holds the key that signs new ones: print the sheet, keep both where"
    " your passports are, and delete what you printed from."
)


class _Sheet:
    """A document with a line at the foot of each page; the methods add its parts in order."""

    def __init__(self, name: str, made_at: datetime) -> None:
        pdf = self._pdf = FPDF(orientation="P", unit="mm", format="A4")
        self._name = name
        pdf.set_margins(MARGIN, MARGIN, MARGIN)
        pdf.set_auto_page_break(auto=True, margin=MARGIN)
        pdf.set_title(_plain(f"Recovery kit of the vault {name}"))
        pdf.set_creator("Mangrove")
        pdf.set_creation_date(made_at)
        pdf.add_page()

    def output(self) -> bytes:
        """Return the finished document, its pages numbered."""
        self._pdf.set_auto_page_break(auto=False)
        for number in range(1, self._pdf.pages_count + 1):
            self._pdf.page = number
            self._foot(number)
        return bytes(self._pdf.output())

    def _foot(self, number: int) -> None:
        pdf = self._pdf
        pdf.set_y(-12)
        pdf.set_font("Courier", size=7.5)  # another one first: each page must name its font anew
        pdf.set_font("Helvetica", size=7.5)
        pdf.set_text_color(90)
        text = f"Recovery kit of the vault {self._name}: keep it secret. Page {number}"
        pdf.cell(0, 5, _plain(text), align="C")
        pdf.set_text_color(0)

    def first_page(self, kit: RecoveryKit, code: str) -> None:
        """What this is, the code to type back, and the key."""
        self._title(f"Recovery kit: {kit.spec.name}")
        self._words(_PURPOSE if kit.spec.is_encrypted else _PLAIN_PURPOSE)
        self._boxed("Type this code back into Mangrove once the kit is stored", code)
        if kit.identity is not None:
            self._heading("The key that opens the backups")
            self._qr(kit.identity.reveal())
            self._mono([kit.identity.reveal()])
            self._words("This is an age identity; age -d -i FILE takes it from a text file.")
        elif kit.spec.is_encrypted:
            self._heading("The key that opens the backups")
            self._words("It is not on the computer that made this kit. It is held by:")
            self._mono([holder.shown for holder in holders(kit.spec)])
        else:
            self._words("There is none: the backups open without a key.")
        self._heading("The key that proves them genuine")
        self._mono([kit.spec.public_key])

    def place(self, kit: RecoveryKit) -> None:
        """Where the vault is, who can open it, and what was backed up."""
        spec = kit.spec
        self._heading("The vault")
        facts = [
            ("place", spec.url),
            ("vault id", spec.vault_id),
            ("access key", spec.access_key or "none"),
            *((f"mirror {mirror.name}", mirror.url) for mirror in spec.mirrors),
            ("kit made at", f"{kit.made_at:%Y-%m-%d %H:%M} UTC by Mangrove {kit.tool_version}"),
            ("newest sequence", str(kit.last_sequence)),
            *(("opens with", f"{h.name} {h.recipient}".strip()) for h in holders(spec)),
            *(
                ("former signing key", f"{k.public_key}, up to sequence {k.last_sequence}")
                for k in spec.retired_keys
            ),
        ]
        self._facts(facts)
        if kit.profiles:
            self._heading("What was backed up (without passwords)")
            self._facts([(p.name, _reached(p)) for p in kit.profiles])

    def by_hand(self, kit: RecoveryKit) -> None:
        """How to go on, with Mangrove and without."""
        self._heading("With Mangrove")
        self._words("Install it anywhere, take the kit's file, and type:")
        self._mono(["mangrove vault open --kit KIT.age"])
        self._pdf.add_page()
        self._heading("Without Mangrove")
        for number, step in enumerate(steps(kit), 1):
            self._words(f"{number}. {step.title}. {step.words}")
            self._mono(line for command in step.commands for line in command.split("\n"))

    def _title(self, text: str) -> None:
        self._pdf.set_font("Helvetica", "B", 20)
        self._pdf.multi_cell(WIDTH, 9, _plain(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(2)

    def _heading(self, text: str) -> None:
        self._pdf.ln(2.5)
        self._pdf.set_font("Helvetica", "B", 12)
        self._pdf.multi_cell(WIDTH, 6.5, _plain(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _words(self, text: str) -> None:
        self._pdf.set_font("Helvetica", size=BODY)
        self._pdf.multi_cell(WIDTH, LINE, _plain(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(0.8)

    def _boxed(self, label: str, text: str) -> None:
        self._pdf.ln(2)
        self._pdf.set_font("Helvetica", size=SMALL)
        self._pdf.cell(WIDTH, 6, _plain(label), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.set_font("Courier", "B", 18)
        self._pdf.cell(WIDTH, 14, text, border=1, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._pdf.ln(2)

    def _mono(self, lines: Iterable[str]) -> None:
        self._pdf.set_font("Courier", size=MONO)
        self._pdf.set_fill_color(242)
        for line in lines:
            self._pdf.multi_cell(
                WIDTH,
                4.2,
                _plain(line),
                fill=True,
                align="L",
                wrapmode=WrapMode.CHAR,
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )
        self._pdf.ln(1.5)

    def _facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        for name, value in pairs:
            self._pdf.set_font("Helvetica", "B", SMALL)
            self._pdf.cell(38, 4.6, _plain(name)[:24])
            self._pdf.set_font("Courier", size=MONO)
            self._pdf.multi_cell(
                WIDTH - 38,
                4.6,
                _plain(value),
                align="L",
                wrapmode=WrapMode.CHAR,
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
            )

    def _qr(self, text: str) -> None:
        """Draw the modules as squares: no picture, so nothing is blurred in print."""
        matrix = segno.make(text, error="q", micro=False).matrix
        side = QR_SIZE / len(matrix)
        left, top = self._pdf.get_x(), self._pdf.get_y() + 1
        self._pdf.set_fill_color(0)
        for row, modules in enumerate(matrix):
            for column, is_dark in enumerate(modules):
                if is_dark:
                    x, y = left + column * side, top + row * side
                    self._pdf.rect(x, y, side * 1.02, side * 1.02, style="F")
        self._pdf.set_y(top + QR_SIZE + 2)


def _reached(profile: Profile) -> str:
    through = f" through {profile.tunnel.address}" if profile.tunnel else ""
    return f"{profile.uri.text()}{through}"


def _plain(text: str) -> str:
    written = io.StringIO()
    for sign in text:
        is_known = sign.isprintable() and sign.encode("latin-1", "ignore")
        written.write(sign if is_known else sign.encode("unicode_escape").decode("ascii"))
    return written.getvalue()
