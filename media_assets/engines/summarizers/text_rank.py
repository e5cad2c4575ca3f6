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
    import networkx as nx
    import numpy as np

    count = matrix.shape[0]
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(count))
    transposed = matrix.T.tocsc()
    for start in range(0, count, _BLOCK):
        check()
        likeness = (matrix[start : start + _BLOCK] @ transposed).tocsr()
        for row in range(likeness.shape[0]):
            span = slice(likeness.indptr[row], likeness.indptr[row + 1])
            others, weights = likeness.indices[span], likeness.data[span]
            if len(weights) > _NEIGHBOURS:
                strong = weights >= np.partition(weights, -_NEIGHBOURS - 1)[-_NEIGHBOURS - 1]
                others, weights = others[strong], weights[strong]
            # By weight and then by position: the order within a sparse row is no promise.
            for i in np.lexsort((others, -weights))[: _NEIGHBOURS + 1]:
                if others[i] != start + row:
                    graph.add_edge(start + row, int(others[i]), weight=float(weights[i]))
    ranks = nx.pagerank(graph, weight="weight")
    return np.array([ranks[i] for i in range(count)])


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
