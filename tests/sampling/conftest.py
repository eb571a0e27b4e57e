"""Time limits of single examples would measure how busy the machine is, so there are none."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
