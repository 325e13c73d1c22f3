"""Pages of the counting paper."""

PAGES = ()
