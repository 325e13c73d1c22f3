"""A plug-in that cannot be loaded: it must be named and skipped."""

import a_library_that_nobody_has  # noqa: F401
