"""The single-node tests of trees: inputs and attributes, seeded by the name of each case, as in contrib_cases.py."""
import numpy as np
from onnx import TensorProto, numpy_helper

from contrib_cases import Maker
from ml_case import POST_TRANSFORMS, features, ml_case, words


class Trees:
    """Random trees over `features`, as the attributes of the older operators."""

    def __init__(self, make, trees, depth, features, modes, missing):
        self.make, self.features, self.modes, self.missing = make, features, modes, missing
        self.lists = {name: [] for name in "treeids nodeids featureids modes values truenodeids falsenodeids "
                      "missing_value_tracks_true".split()}
        self.leaves = []
        for tree in range(trees):
            self.nodes = 0
            self.grow(tree, depth)

    def add(self, tree, mode, **facts):
        self.nodes += 1
        entry = dict(treeids=tree, nodeids=self.nodes - 1, featureids=0, modes=mode, values=0.0, truenodeids=0,
                     falsenodeids=0, missing_value_tracks_true=0, **facts)
        for name, value in entry.items():
            self.lists[name].append(value)
        return self.nodes - 1, len(self.lists["modes"]) - 1

    def grow(self, tree, depth):
        rng = self.make.rng
        if depth == 0 or rng.random() < 0.15:
            node, _ = self.add(tree, "LEAF")
            self.leaves.append((tree, node))
            return node
        node, place = self.add(tree, str(rng.choice(self.modes)))
        self.lists["featureids"][place] = int(rng.integers(self.features))
        self.lists["values"][place] = float(np.float32(rng.integers(-6, 7) / 4))
        self.lists["missing_value_tracks_true"][place] = int(self.missing and rng.random() < 0.5)
        self.lists["truenodeids"][place] = self.grow(tree, depth - 1)
        self.lists["falsenodeids"][place] = self.grow(tree, depth - 1)
        return node

    def attributes(self, kind, targets, sign, dense, double):
        """dense: each leaf adds to all targets; sign: of weights, 0 for both."""
        rng = self.make.rng
        ids, trees, nodes = [], [], []
        for tree, node in self.leaves:
            for target in targets if dense else [int(rng.choice(targets))]:
                ids.append(target), trees.append(tree), nodes.append(node)
        weights = rng.standard_normal(len(ids)).astype(np.float32)
        weights = np.abs(weights) * sign if sign else weights
        lists = {f"nodes_{name}": list(value) for name, value in self.lists.items()}
        if not self.missing:
            del lists["nodes_missing_value_tracks_true"]
        lists.update({f"{kind}_ids": ids, f"{kind}_treeids": trees, f"{kind}_nodeids": nodes})
        for name, value in ((f"{kind}_weights", weights), ("nodes_values", lists.pop("nodes_values"))):
            if double:
                value = np.asarray(value, np.float64) + 1e-9
                lists[f"{name}_as_tensor"] = numpy_helper.from_array(value, name)
            else:
                lists[name] = [float(v) for v in value]
        return lists


def tree_case(op, label, *, rows=5, columns=4, trees=3, depth=3, modes=("BRANCH_LEQ",), missing=False, targets=1,
              used=None, sign=0, dense=False, dtype=np.float32, double=False, base=None, strings=False, version=3,
              x=None, **attributes):
    """targets: how many; used: those that leaves add to; base: values, as a tensor of doubles with `double`."""
    make = Maker(f"{op.lower()}_{label}")
    grown = Trees(make, trees, depth, columns, modes, missing)
    kind = "class" if op.endswith("Classifier") else "target"
    lists = grown.attributes(kind, used or list(range(targets)), sign, dense, double)
    if base is not None:
        base = [float(np.float32(v)) for v in base]
        lists.update({"base_values_as_tensor": numpy_helper.from_array(np.array(base), "base")} if double
                     else {"base_values": base})
    types = [TensorProto.FLOAT]
    if kind == "class":
        lists.update({"classlabels_strings": words(targets)} if strings
                     else {"classlabels_int64s": list(range(targets)) if not used or len(used) > 1 else
                           [3 * i + 5 for i in range(targets)]})
        types.insert(0, TensorProto.STRING if strings else TensorProto.INT64)
    else:
        lists["n_targets"] = targets
    lists.update(attributes)
    inputs = [features(make, rows, columns, dtype, missing) if x is None else x]
    return ml_case(make, op, inputs, lists, types, version, terms=4 * trees + 8)


def tree_cases():
    classifier = lambda label, **facts: tree_case("TreeEnsembleClassifier", label, **facts)
    regressor = lambda label, **facts: tree_case("TreeEnsembleRegressor", label, **facts)
    for sign, word in ((1, "chances"), (0, "signed")):
        for transform in POST_TRANSFORMS[:4]:
            yield classifier(f"one_score_of_{word}_{transform.lower()}", targets=2, used=[0], sign=sign, trees=4,
                             post_transform=transform)
        yield classifier(f"one_score_of_{word}_and_a_base", targets=2, used=[0], sign=sign, base=[0.25])
        yield classifier(f"one_score_of_{word}_and_two_bases", targets=2, used=[0], sign=sign, base=[0.25, -0.5])
        yield classifier(f"second_score_of_{word}", targets=2, used=[1], sign=sign, strings=True)
        yield classifier(f"two_scores_of_{word}", targets=2, dense=True, sign=sign)
    for transform in POST_TRANSFORMS:
        yield classifier(f"three_classes_{transform.lower()}", targets=3, dense=True, post_transform=transform, trees=6)
        yield regressor(f"two_targets_{transform.lower()}", targets=2, dense=True, post_transform=transform)
    yield classifier("four_of_one_tree_each", targets=4, trees=8, base=[0.5, 0, -0.5, 1], strings=True, rows=9)
    for mode in ("LEQ", "LT", "GTE", "GT", "EQ", "NEQ"):
        yield classifier(f"{mode.lower()}_with_missing", targets=3, modes=[f"BRANCH_{mode}"], missing=True, rows=11)
        yield regressor(f"{mode.lower()}", modes=[f"BRANCH_{mode}"], depth=5)
    mixed = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_NEQ"]
    yield regressor("all_modes_with_missing", modes=mixed, missing=True, rows=30, depth=5, trees=9)
    for dtype in (np.float64, np.int32, np.int64):
        yield classifier(f"of_{np.dtype(dtype).name}", targets=3, dtype=dtype, dense=True)
    yield regressor("of_float64", targets=2, dtype=np.float64)
    yield classifier("of_doubles", targets=3, dtype=np.float64, double=True, base=[0.1, 0.2, 0.3])
    yield regressor("of_doubles", dtype=np.float64, double=True, base=[0.7])
    for function in ("SUM", "AVERAGE", "MIN", "MAX"):
        yield regressor(f"{function.lower()}", aggregate_function=function, trees=5, base=[0.5])
        yield regressor(f"{function.lower()}_of_three", aggregate_function=function, targets=3, dense=True, trees=5,
                        base=[0.5, -0.5, 2])
    yield regressor("probit", post_transform="PROBIT", sign=1)
    yield regressor("logistic_of_one_target", post_transform="LOGISTIC")
    yield regressor("one_row_of_many_trees", rows=1, trees=100)
    yield regressor("two_rows_of_many_trees", rows=2, trees=97, targets=3, dense=True)
    yield regressor("many_rows", rows=300, trees=20, depth=6)
    yield regressor("no_rows", rows=0)
    yield regressor("version_1", version=1, targets=2)
    yield classifier("version_1", version=1, targets=3)
    yield classifier("leaf_alone", targets=3, depth=0, dense=True, trees=2)


def placed_tree_case(label, dtype=np.float32, targets=1, aggregate=1, transform=0, members=None, missing=False, rows=7):
    """TreeEnsemble: two trees of three tests each. members: the sets of the first test of each."""
    make = Maker(f"treeensemble_{label}")
    modes = np.array([0, 1, 2, 3, 4, 5], np.uint8)
    sets = []
    if members is not None:
        modes[[0, 3]] = 6
        for values in members:
            sets += [*values, np.nan]
    lists = dict(
        tree_roots=[0, 3], nodes_featureids=[0, 1, 2, 0, 1, 2], nodes_truenodeids=[1, 0, 2, 4, 4, 6],
        nodes_falsenodeids=[2, 1, 3, 5, 5, 7], nodes_trueleafs=[0, 1, 1, 0, 1, 1], nodes_falseleafs=[0, 1, 1, 0, 1, 1],
        leaf_targetids=[int(make.rng.integers(targets)) for _ in range(8)], n_targets=targets,
        nodes_modes=numpy_helper.from_array(modes, "modes"), aggregate_function=aggregate, post_transform=transform,
        nodes_splits=numpy_helper.from_array((make.rng.integers(-2, 3, 6) / 4).astype(dtype), "splits"),
        leaf_weights=numpy_helper.from_array(make.normal(8, dtype=dtype), "weights"))
    if members is not None:
        lists["membership_values"] = numpy_helper.from_array(np.array(sets, dtype), "members")
    if missing:
        lists["nodes_missing_value_tracks_true"] = [1, 0, 1, 0, 1, 1]
    inputs = [features(make, rows, 3, dtype, missing)]
    if members is not None:
        inputs[0][:, 0] = make.rng.choice([*members[0], *members[1], 3.5], rows)
    return ml_case(make, "TreeEnsemble", inputs, lists, None, 5, terms=16)


def placed_tree_cases():
    for aggregate in range(4):
        yield placed_tree_case(f"aggregate_{aggregate}", aggregate=aggregate)
        yield placed_tree_case(f"aggregate_{aggregate}_of_two", aggregate=aggregate, targets=2)
    # onnxruntime 1.32 has 1 and 2, which are SOFTMAX and LOGISTIC, the other way round.
    for transform in (3, 4):
        yield placed_tree_case(f"transform_{transform}", transform=transform, targets=3)
    yield placed_tree_case("of_doubles", dtype=np.float64, targets=2)
    yield placed_tree_case("missing", missing=True, rows=20)
    yield placed_tree_case("small_sets", members=([1, 4, 7], [2]), rows=20)
    yield placed_tree_case("large_sets", members=([1000, -4, 7], list(range(0, 200, 3))), rows=20)


def all_cases():
    yield from tree_cases()
    yield from placed_tree_cases()
