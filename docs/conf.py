"""The site: ``make docs`` builds it to ``build/docs``, from the pages here and the docstrings."""

from importlib.metadata import version as installed

project = "gradmethods"
author = "The gradmethods developers"
release = version = installed("gradmethods")
copyright = f"2026, {author}"  # noqa: A001  # what Sphinx calls it

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.mathjax"]
source_suffix = [".md"]
templates_path: list[str] = []

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3  # pages link to headings as GitHub names them
suppress_warnings = ["myst.xref_missing", "ref.python"]

autodoc_typehints = "none"  # the docstrings say them in words
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = f"gradmethods {release}"
html_copy_source = False
