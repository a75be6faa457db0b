from __future__ import annotations

from hypothesis import settings

# No example is judged by a clock: a busy machine is no broken promise.
settings.register_profile("kbdial", deadline=None)
settings.load_profile("kbdial")
