"""TextRank: how central each sentence is among those it resembles (Mihalcea, Tarau 2004), and a choice without echoes.

Likeness is the cosine of TF-IDF vectors. Each sentence is linked to the few it resembles most, so that memory grows
with the number of sentences and not with its square.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_NEIGHBOURS = 12
_BLOCK = 512
"""Rows compared with all others at once."""
_FOLLOWED = 0.85
"""How often a link is followed, after Brin and Page."""
_SETTLED = 1e-6
"""Ranks are settled when they change by less on average."""
_ECHO = 0.6
"""Cosine above which a sentence says what another one said."""


def vectors(documents: Sequence[Sequence[str]]) -> Any:
    """TF-IDF vectors of unit length as a sparse matrix, a row per document. One document at least has a term."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    return TfidfVectorizer(analyzer=list, sublinear_tf=True).fit_transform(documents)


def text_rank(matrix: Any, check: Callable[[], None]) -> np.ndarray[Any, Any]:
    """PageRank of each row in the graph of likeness; the ranks add up to 1.

    Args:
        matrix: Of `vectors`.
        check: Called now and then; may raise to stop.
    """
    import numpy as np
    from scipy import sparse

    count = matrix.shape[0]
    rows, columns, weights = [], [], []
    transposed = matrix.T.tocsc()
    for start in range(0, count, _BLOCK):
        check()
        likeness = (matrix[start : start + _BLOCK] @ transposed).tocsr()
        for row in range(likeness.shape[0]):
            span = slice(likeness.indptr[row], likeness.indptr[row + 1])
            others, alike = likeness.indices[span], likeness.data[span]
            if len(alike) > _NEIGHBOURS:
                strong = alike >= np.partition(alike, -_NEIGHBOURS - 1)[-_NEIGHBOURS - 1]
                others, alike = others[strong], alike[strong]
            # By weight and then by position: the order within a sparse row is no promise.
            nearest = np.lexsort((others, -alike))[: _NEIGHBOURS + 1]
            nearest = nearest[others[nearest] != start + row]
            rows.append(np.full(len(nearest), start + row))
            columns.append(others[nearest])
            weights.append(alike[nearest])
    edges = (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns)))
    links = sparse.coo_array(edges, shape=(count, count)).tocsr()
    return _page_rank(links.maximum(links.T))


def _page_rank(links: Any) -> np.ndarray[Any, Any]:
    """Where one is that follows links by their weight, and now and then, or for want of links, goes anywhere."""
    import numpy as np

    count = links.shape[0]
    total = links.sum(axis=1)
    share = np.divide(1.0, total, out=np.zeros(count), where=total > 0)
    ranks, before = np.full(count, 1 / count), np.zeros(count)
    while np.abs(ranks - before).sum() > _SETTLED * count:
        before = ranks
        lost = 1 - _FOLLOWED * ranks[total > 0].sum()
        ranks = _FOLLOWED * ((ranks * share) @ links) + lost / count
    return ranks


def choose(candidates: Sequence[int], matrix: Any, count: int, without: Sequence[int] = ()) -> list[int]:
    """The first `count` candidates that echo neither each other nor a row of `without`."""
    import numpy as np

    chosen: list[int] = []
    for candidate in candidates:
        if len(chosen) == count:
            break
        taken = [*without, *chosen]
        if not taken or np.max((matrix[taken] @ matrix[candidate].T).toarray()) < _ECHO:
            chosen.append(candidate)
    return chosen
