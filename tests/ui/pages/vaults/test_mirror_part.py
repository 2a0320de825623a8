from dataclasses import replace

from pytestqt.qtbot import QtBot

from fakes.sample_data import VAULTS
from mangrove.core.backup import BackupId
from mangrove.core.errors import StorageUnavailableError
from mangrove.core.vaults.mirror import MirrorSpec, MirrorState
from mangrove.ui.pages.vaults.card import VaultCard
from mangrove.ui.theme.tokens import Tone

CELLAR, BANK = MirrorSpec("1", "cellar", "file:///mnt/cellar"), MirrorSpec("2", "bank", "s3://bank")


def card_of(qtbot: QtBot, *mirrors: MirrorSpec) -> VaultCard:
    card = VaultCard(replace(VAULTS[0], mirrors=mirrors))
    qtbot.addWidget(card)
    card.show()
    return card


def test_a_vault_without_mirrors_shows_none(qtbot: QtBot) -> None:
    assert not card_of(qtbot).mirrors.isVisible()


def test_every_copy_says_how_it_stands(qtbot: QtBot) -> None:
    card = card_of(qtbot, CELLAR, BANK)
    assert card.mirrors.isVisible()
    late = (BackupId("20260301T120000Z-shop-00ff"),)

    card.mirrors.show_states(
        (
            MirrorState("cellar", CELLAR.url, backups=3),
            MirrorState("bank", BANK.url, backups=2, late=late, late_objects=4, late_bytes=5_000),
        )
    )

    (cellar, bank) = card.mirrors.copies.texts()
    assert cellar == ("cellar", "holds everything: 3 backups", Tone.PROVEN)
    assert bank[1] == "late: 5.0 kB are to be copied, of 1 backup and 4 other objects"
    assert bank[2] is Tone.UNPROVEN
    with qtbot.waitSignal(card.sync_wanted) as wanted:
        card.mirrors.sync.click()
    assert wanted.args == [card.spec.name]


def test_a_copy_that_does_not_answer_is_red_and_says_why(qtbot: QtBot) -> None:
    card = card_of(qtbot, CELLAR)

    card.mirrors.show_states((MirrorState("cellar", CELLAR.url, problem="the disk is not there"),))
    assert card.mirrors.copies.texts() == (("cellar", "The disk is not there.", Tone.EXPOSED),)

    card.mirrors.show_problem(StorageUnavailableError("nobody is there"))
    assert card.mirrors.copies.texts() == (("cellar", "Nobody is there.", Tone.EXPOSED),)


def test_evidence_that_is_still_to_be_copied_makes_no_mirror_late(qtbot: QtBot) -> None:
    card = card_of(qtbot, CELLAR)

    card.mirrors.show_states((MirrorState("cellar", CELLAR.url, backups=3, late_evidence=2),))

    words = "holds every backup: 3 backups; 2 evidence files to be copied"
    assert card.mirrors.copies.texts() == (("cellar", words, Tone.PROVEN),)
    assert card.mirrors.sync.isEnabled()


def test_what_the_vault_lacks_is_offered_from_the_mirror_that_has_it(qtbot: QtBot) -> None:
    card = card_of(qtbot, CELLAR)
    torn, gone, pruned = (BackupId(f"2026030{n}T120000Z-shop-00ff") for n in (1, 2, 3))
    state = MirrorState("cellar", CELLAR.url, surplus=(gone, pruned), lost=(torn,))

    card.mirrors.show_states((state,), (gone,))

    words = f"What the vault lacks of 2 backups ({gone}, {torn}) is in cellar."
    assert card.mirrors.giving.text == words
    with qtbot.waitSignal(card.bring_back_wanted) as wanted:
        card.mirrors.giving.action.click()
    assert wanted.args == [card.spec.name]
    card.mirrors.show_states((MirrorState("cellar", CELLAR.url, surplus=(pruned,)),))
    assert card.mirrors.giving.text == ""
