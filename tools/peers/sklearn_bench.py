"""scikit-learn and umap-learn on rows of float32.

Usage: sklearn_bench.py tsne|umap|knn|pca FILE ROWS COLUMNS ROUNDS THREADS, where FILE holds the rows.
Prints one JSON object: the peer's name and version, the median seconds of the rounds, and for t-SNE
the KL divergence. k-NN takes the last 2,000 rows as queries to the others.
"""

import json
import os
import sys
import time

work, path, (rows, columns, rounds, threads) = sys.argv[1], sys.argv[2], map(int, sys.argv[3:])
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = str(threads)

import numpy as np  # noqa: E402: reads the environment when it is imported

x = np.fromfile(path, dtype=np.float32).reshape(rows, columns)


def tsne():
    from sklearn.manifold import TSNE

    method = TSNE(perplexity=30, init="pca", learning_rate="auto", random_state=42, n_jobs=threads)
    method.fit(x)
    return {"kl": float(method.kl_divergence_)}


def umap():
    import umap as umap_learn

    umap_learn.UMAP(n_jobs=threads).fit(x)
    return {}


def knn():
    from sklearn.neighbors import NearestNeighbors

    method = NearestNeighbors(n_neighbors=10, algorithm="brute", n_jobs=threads).fit(x[:-2000])
    method.kneighbors(x[-2000:])
    return {}


def pca():
    from sklearn.decomposition import PCA

    PCA(50, svd_solver="randomized", random_state=42).fit_transform(x)
    return {}


def version():
    if work == "umap":
        import umap as umap_learn

        return f"umap-learn {umap_learn.__version__}"
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


run = {"tsne": tsne, "umap": umap, "knn": knn, "pca": pca}[work]
name = version()
if work == "umap":
    run()  # compiles
seconds = []
for _ in range(rounds):
    start = time.perf_counter()
    figures = run()
    seconds.append(time.perf_counter() - start)
print(json.dumps({"name": name, "seconds": sorted(seconds)[len(seconds) // 2], **figures}))
