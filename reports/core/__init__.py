"""The parts of every report: style, figures, pages, and the PDF itself."""
