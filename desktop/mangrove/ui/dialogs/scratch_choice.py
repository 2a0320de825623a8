"""A choice of where trial restores and drills go."""

from PySide6.QtWidgets import QWidget

from mangrove.core.profile import Profile
from mangrove.core.verification import EMBEDDED
from mangrove.services.bundle import Services
from mangrove.ui.widgets.fields.choice_box import ChoiceBox


class ScratchBox(ChoiceBox):
    """The throw-away server, and every deployment; there only databases of its own are used.

    Args:
        services: Whose profiles are offered.
        taken_from: The slug of the deployment that the backup is of; it is marked.
        only_here: Whether no deployment can take it: then none is offered.
    """

    def __init__(
        self,
        services: Services,
        taken_from: str = "",
        parent: QWidget | None = None,
        *,
        only_here: bool = False,
    ) -> None:
        super().__init__(parent)
        self.addItem(self.tr("A throw-away server on this computer"), EMBEDDED)
        for profile in () if only_here else services.profiles.all():
            if isinstance(profile, Profile):
                self.addItem(self._words(profile, taken_from), profile.name)

    @property
    def target(self) -> str:
        """What was chosen: ``embedded``, or a profile's name."""
        return str(self.currentData())

    @property
    def target_words(self) -> str:
        """The same for a sentence."""
        return self.tr("a throw-away server") if self.target == EMBEDDED else self.target

    def _words(self, profile: Profile, taken_from: str) -> str:
        if profile.slug == taken_from:
            return self.tr("{name} (where it was taken)").format(name=profile.name)
        return profile.name
