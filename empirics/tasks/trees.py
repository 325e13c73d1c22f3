"""Next-token prediction on k-ary trees with embeddings that follow the hierarchy: children resemble their parent.

Tokens are the nodes of a tree of depth D, in breadth-first order.  A binary tree of depth 2 has seven; the next token is
uniform over the last one and its children ("children"), or over all that hangs below it ("subtree"):

          0            last token   children target          subtree target
        1   2               0       1/3 on 0 1 2             1/7 on 0 .. 6
       3 4 5 6              2       1/3 on 2 5 6             1/3 on 2 5 6
                            5       1 on 5                   1 on 5
"""

from __future__ import annotations

import torch

from empirics.tasks.graph_walks import unit_tokens


def parents(k: int, depth: int) -> list[int]:
    """Parent of each node in breadth-first order; the root is its own."""
    n = sum(k**level for level in range(depth + 1))
    return [0] + [(node - 1) // k for node in range(1, n)]


def target_rows(k: int, depth: int, targets: str, smoothing: float = 0.0) -> torch.Tensor:
    """Uniform over a node and its children, or its whole subtree; mixed with `smoothing` of the uniform row.

    Returns: float64 [node, node].
    """
    above = parents(k, depth)
    rows = torch.eye(len(above), dtype=torch.float64)
    for node in range(len(above) - 1, 0, -1):
        if targets == "subtree":
            rows[above[node]] += rows[node]  # a node comes after its parent: what hangs below it is complete
        else:
            rows[above[node], node] = 1
    return (1 - smoothing) * rows / rows.sum(dim=1, keepdim=True) + smoothing / len(above)


def hierarchical_tokens(keys: torch.Tensor, k: int, depth: int, width: int, likeness_l: torch.Tensor) -> torch.Tensor:
    """Unit embeddings: each child is `likeness` times its parent plus a random direction across it, of unit length.

    Returns: float64 [lane, node, width].
    """
    above = parents(k, depth)
    fresh = unit_tokens(keys, len(above), width)
    nodes = [fresh[:, 0]]
    for node in range(1, len(above)):
        parent = nodes[above[node]]
        across = fresh[:, node] - (fresh[:, node] * parent).sum(dim=1, keepdim=True) * parent
        across = across / across.square().sum(dim=1, keepdim=True).sqrt()
        nodes.append(likeness_l[:, None] * parent + (1 - likeness_l[:, None] ** 2).sqrt() * across)
    return torch.stack(nodes, dim=1)
