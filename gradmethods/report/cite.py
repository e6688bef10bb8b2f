"""BibTeX for a run and for the sources that its figures lean on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from gradmethods.output.caption import commit
from gradmethods.output.tex import tex

SOURCES = r"""@article{rumelhart1986,
  author  = {Rumelhart, David E. and Hinton, Geoffrey E. and Williams, Ronald J.},
  title   = {Learning representations by back-propagating errors},
  journal = {Nature},
  volume  = {323},
  pages   = {533--536},
  year    = {1986},
  doi     = {10.1038/323533a0}
}

@incollection{griewank1989,
  author    = {Griewank, Andreas},
  title     = {On automatic differentiation},
  booktitle = {Mathematical Programming: Recent Developments and Applications},
  editor    = {Iri, Masao and Tanabe, Kunio},
  pages     = {83--108},
  publisher = {Kluwer},
  year      = {1989}
}

@book{griewank2008,
  author    = {Griewank, Andreas and Walther, Andrea},
  title     = {Evaluating Derivatives: Principles and Techniques of Algorithmic Differentiation},
  edition   = {2},
  publisher = {SIAM},
  year      = {2008},
  doi       = {10.1137/1.9780898717761}
}

@book{gill1981,
  author    = {Gill, Philip E. and Murray, Walter and Wright, Margaret H.},
  title     = {Practical Optimization},
  publisher = {Academic Press},
  year      = {1981}
}

@article{more2011,
  author  = {Mor{\'e}, Jorge J. and Wild, Stefan M.},
  title   = {Estimating computational noise},
  journal = {SIAM Journal on Scientific Computing},
  volume  = {33},
  number  = {3},
  pages   = {1292--1314},
  year    = {2011},
  doi     = {10.1137/100786125}
}

@article{more2012,
  author  = {Mor{\'e}, Jorge J. and Wild, Stefan M.},
  title   = {Estimating derivatives of noisy simulations},
  journal = {ACM Transactions on Mathematical Software},
  volume  = {38},
  number  = {3},
  pages   = {19:1--19:21},
  year    = {2012},
  doi     = {10.1145/2168773.2168777}
}

@article{squire1998,
  author  = {Squire, William and Trapp, George},
  title   = {Using complex variables to estimate derivatives of real functions},
  journal = {SIAM Review},
  volume  = {40},
  number  = {1},
  pages   = {110--112},
  year    = {1998},
  doi     = {10.1137/S003614459631241X}
}
"""


def run_name(records: bytes) -> str:
    """Name a run after its records: other numbers, another name."""
    return hashlib.sha256(records).hexdigest()[:10]


def bibliography(run: str, origin: Mapping[str, Any] | None) -> str:
    """Return BibTeX entries for the run and for the sources.

    Parameters
    ----------
    run : str
        From `run_name`.
    origin : dict or None
        The provenance of the run.
    """
    origin = origin or {}
    date = str(origin.get("date", ""))
    machine = origin.get("machine", {})
    note = f"Run {run}, {commit(origin)}, on {machine.get('processor', 'an unknown machine')}"
    version = origin.get("packages", {}).get("gradmethods") or "unreleased"
    fields = {
        "author": "{The gradmethods developers}",
        "title": "gradmethods: three ways to compute a gradient, measured",
        "year": date[:4],
        "month": date[5:7],
        "version": version,
        "url": "https://github.com/gradmethods/gradmethods",
        "note": tex(note),
    }
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@misc{{gradmethods-{run},\n{lines}\n}}\n\n{SOURCES}"
