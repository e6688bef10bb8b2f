"""The works that figures, tables and claims lean on, and how each is cited."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gradmethods.output.latex import tex

PLAIN = ("doi", "url", "eprint")
"""Fields that BibTeX takes as they are."""


@dataclass(frozen=True)
class Work:
    """A work of literature.

    Attributes
    ----------
    kind : str
        Of entry in BibTeX.
    fields : dict of str to str
        As in BibTeX, authors with ``and`` between them, in Unicode.
    called : str, optional
        What tables call it; by default its first author and its year.
    """

    kind: str
    fields: Mapping[str, str]
    called: str = ""

    def is_cited(self, text: str) -> bool:
        """Tell whether a text cites it."""
        if self.called:
            return self.called in text
        surname, year = self.fields["author"].partition(",")[0], self.fields["year"]
        return re.search(rf"\b{surname}\b[^;]{{0,60}}\b{year}\b", text) is not None

    def bibtex(self, key: str) -> str:
        """Return its entry."""
        return entry(self.kind, key, self.fields)

    def text(self) -> str:
        """Return a line for a list of references."""
        fields = self.fields
        said = [fields["author"].replace(" and ", "; ").rstrip("."), fields["title"]]
        volume = " ".join(fields[name] for name in ("journal", "volume") if name in fields)
        volume += f"({fields['number']})" if "number" in fields else ""
        names = ("booktitle", "howpublished", "pages", "publisher", "year")
        said.append(", ".join(filter(None, [volume, *(fields.get(name) for name in names)])))
        said += [f"doi:{fields['doi']}"] if "doi" in fields else []
        return f"{'. '.join(said)}." + (f" {fields['url']}" if "url" in fields else "")


def entry(kind: str, key: str, fields: Mapping[str, str], *, whole: bool = False) -> str:
    """Return an entry of BibTeX; `whole` keeps the capitals of its title."""
    lines = []
    for name, value in fields.items():
        if name == "month":
            lines.append(f"  month = {value}")
            continue
        text = value if name in PLAIN else tex(value)
        braced = whole and name in ("title", "author")
        lines.append(f"  {name} = {{{{{text}}}}}" if braced else f"  {name} = {{{text}}}")
    return f"@{kind}{{{key},\n" + ",\n".join(lines) + "\n}\n"


WORKS: Mapping[str, Work] = {
    "thalineau": Work(
        "misc",
        {
            "author": "Thalineau, Romain",
            "title": "An introduction to backpropagation",
            "howpublished": "Qwertee",
        },
        called="the article",
    ),
    "baydin2018": Work(
        "article",
        {
            "author": "Baydin, Atılım Güneş and Pearlmutter, Barak A. and "
            "Radul, Alexey Andreyevich and Siskind, Jeffrey Mark",
            "title": "Automatic differentiation in machine learning: a survey",
            "journal": "Journal of Machine Learning Research",
            "volume": "18",
            "number": "153",
            "pages": "1–43",
            "year": "2018",
            "url": "https://jmlr.org/papers/v18/17-468.html",
        },
    ),
    "gill1981": Work(
        "book",
        {
            "author": "Gill, Philip E. and Murray, Walter and Wright, Margaret H.",
            "title": "Practical Optimization",
            "publisher": "Academic Press",
            "year": "1981",
        },
    ),
    "griewank1989": Work(
        "incollection",
        {
            "author": "Griewank, Andreas",
            "title": "On automatic differentiation",
            "booktitle": "Mathematical Programming: Recent Developments and Applications",
            "editor": "Iri, Masao and Tanabe, Kunio",
            "pages": "83–108",
            "publisher": "Kluwer",
            "year": "1989",
        },
    ),
    "griewank2008": Work(
        "book",
        {
            "author": "Griewank, Andreas and Walther, Andrea",
            "title": "Evaluating Derivatives: Principles and Techniques of Algorithmic "
            "Differentiation",
            "edition": "2",
            "publisher": "SIAM",
            "year": "2008",
            "doi": "10.1137/1.9780898717761",
        },
    ),
    "karpathy2016": Work(
        "misc",
        {
            "author": "Karpathy, Andrej",
            "title": "Yes you should understand backprop",
            "howpublished": "Medium",
            "year": "2016",
        },
    ),
    "laue2019": Work(
        "misc",
        {
            "author": "Laue, Sören",
            "title": "On the equivalence of automatic and symbolic differentiation",
            "howpublished": "arXiv:1904.02990",
            "year": "2019",
            "url": "https://arxiv.org/abs/1904.02990",
        },
    ),
    "more2011": Work(
        "article",
        {
            "author": "Moré, Jorge J. and Wild, Stefan M.",
            "title": "Estimating computational noise",
            "journal": "SIAM Journal on Scientific Computing",
            "volume": "33",
            "number": "3",
            "pages": "1292–1314",
            "year": "2011",
            "doi": "10.1137/100786125",
        },
    ),
    "more2012": Work(
        "article",
        {
            "author": "Moré, Jorge J. and Wild, Stefan M.",
            "title": "Estimating derivatives of noisy simulations",
            "journal": "ACM Transactions on Mathematical Software",
            "volume": "38",
            "number": "3",
            "pages": "19:1–19:21",
            "year": "2012",
            "doi": "10.1145/2168773.2168777",
        },
    ),
    "rumelhart1986": Work(
        "article",
        {
            "author": "Rumelhart, David E. and Hinton, Geoffrey E. and Williams, Ronald J.",
            "title": "Learning representations by back-propagating errors",
            "journal": "Nature",
            "volume": "323",
            "pages": "533–536",
            "year": "1986",
            "doi": "10.1038/323533a0",
        },
    ),
    "squire1998": Work(
        "article",
        {
            "author": "Squire, William and Trapp, George",
            "title": "Using complex variables to estimate derivatives of real functions",
            "journal": "SIAM Review",
            "volume": "40",
            "number": "1",
            "pages": "110–112",
            "year": "1998",
            "doi": "10.1137/S003614459631241X",
        },
    ),
    "srajer2018": Work(
        "article",
        {
            "author": "Šrajer, Filip and Kukelova, Zuzana and Fitzgibbon, Andrew",
            "title": "A benchmark of selected algorithmic differentiation tools on some problems "
            "in computer vision and machine learning",
            "journal": "Optimization Methods and Software",
            "volume": "33",
            "number": "4-6",
            "pages": "889–906",
            "year": "2018",
            "doi": "10.1080/10556788.2018.1435651",
        },
    ),
    "wengert1964": Work(
        "article",
        {
            "author": "Wengert, R. E.",
            "title": "A simple automatic derivative evaluation program",
            "journal": "Communications of the ACM",
            "volume": "7",
            "number": "8",
            "pages": "463–464",
            "year": "1964",
            "doi": "10.1145/355586.364791",
        },
    ),
}
"""By key. The first is the article that the project implements."""
