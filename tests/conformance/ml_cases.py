"""The single-node tests of ai.onnx.ml: inputs and attributes, seeded by the name of each case, as in contrib_cases.py."""
import numpy as np
from onnx import TensorProto, numpy_helper

from contrib_cases import Case, Maker

DOMAIN = "ai.onnx.ml"
POST_TRANSFORMS = "NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"


def ml_case(make, op, inputs, attributes, output_types=None, version=1, terms=4):
    outputs = (True,) * len(output_types or [None])
    return Case(make.name, op, inputs, attributes, terms=terms, outputs=outputs, output_types=output_types,
                domain=DOMAIN, version=version)


def words(count):
    return [f"word {i}" for i in range(count)]


# --- Trees


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


def features(make, rows, columns, dtype=np.float32, missing=False):
    """Some are exactly on the values that tests compare with."""
    x = (make.rng.integers(-8, 9, (rows, columns)) / 4).astype(np.float64)
    if np.issubdtype(dtype, np.floating):
        x += np.where(make.rng.random(x.shape) < 0.5, make.rng.standard_normal(x.shape), 0)
        if missing:
            x[make.rng.random(x.shape) < 0.3] = np.nan
    return x.astype(dtype)


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


# --- Linear models and support vector machines


def labels_of(count, strings):
    return dict(classlabels_strings=words(count)) if strings else dict(classlabels_ints=[7 * i + 3 for i in range(count)])


def linear_classifier(label, scores=3, labels=None, strings=False, dtype=np.float32, shape=(6, 4), **attributes):
    make = Maker(f"linearclassifier_{label}")
    attributes.update(labels_of(labels or scores, strings), intercepts=make.normal(scores).tolist(),
                      coefficients=make.normal(scores * shape[-1]).tolist())
    types = [TensorProto.STRING if strings else TensorProto.INT64, TensorProto.FLOAT]
    return ml_case(make, "LinearClassifier", [features(make, *([1] + list(shape))[-2:], dtype).reshape(shape)],
                   attributes, types, terms=20)


def linear_regressor(label, targets=1, shape=(6, 4), intercepts=True, **attributes):
    make = Maker(f"linearregressor_{label}")
    attributes.update(targets=targets, coefficients=make.normal(targets * shape[-1]).tolist())
    if intercepts:
        attributes.update(intercepts=make.normal(targets).tolist())
    return ml_case(make, "LinearRegressor", [make.normal(*shape)], attributes, [TensorProto.FLOAT], terms=20)


def linear_cases():
    for transform in POST_TRANSFORMS:
        word = transform.lower()
        yield linear_classifier(f"three_{word}", post_transform=transform)
        yield linear_regressor(f"two_{word}", targets=2, post_transform=transform)
        yield linear_regressor(f"one_{word}", post_transform=transform)
        if transform != "PROBIT":
            yield linear_classifier(f"one_score_of_two_labels_{word}", scores=1, labels=2, post_transform=transform)
    yield linear_classifier("two", scores=2, strings=True)
    yield linear_classifier("one_row", shape=(4,), strings=True)
    for dtype in (np.float64, np.int32, np.int64):
        yield linear_classifier(f"of_{np.dtype(dtype).name}", dtype=dtype)
    yield linear_regressor("without_intercepts", intercepts=False, targets=3)
    yield linear_regressor("one_row", shape=(4,))


KERNELS = "LINEAR", "POLY", "RBF", "SIGMOID"


def svm_classifier(label, classes=3, vectors=(2, 3, 1), chances=False, strings=False, dtype=np.float32, sign=0,
                   kernel="RBF", rows=9, **attributes):
    """vectors: of each class; none: linear."""
    make = Maker(f"svmclassifier_{label}")
    total, pairs, columns = sum(vectors), classes * (classes - 1) // 2, 4
    coefficients = make.normal((classes - 1) * total if total else classes * columns)
    attributes.update(labels_of(classes, strings), kernel_type=kernel, kernel_params=[0.4, 0.3, 3.0],
                      coefficients=(np.abs(coefficients) * sign if sign else coefficients).tolist(),
                      rho=make.normal(max(pairs, 1)).tolist())
    if total:
        attributes.update(vectors_per_class=list(vectors), support_vectors=make.normal(total * columns).tolist())
    if chances:
        attributes.update(prob_a=(-make.positive(pairs)).tolist(), prob_b=make.normal(pairs).tolist())
    types = [TensorProto.STRING if strings else TensorProto.INT64, TensorProto.FLOAT]
    return ml_case(make, "SVMClassifier", [features(make, rows, columns, dtype)], attributes, types, terms=200)


def svm_regressor(label, vectors=5, kernel="RBF", shape=(7, 4), **attributes):
    make = Maker(f"svmregressor_{label}")
    attributes.update(kernel_type=kernel, kernel_params=[0.4, 0.3, 2.0], n_supports=vectors, rho=[0.25],
                      coefficients=make.normal(vectors or shape[-1]).tolist())
    if vectors:
        attributes.update(support_vectors=make.normal(vectors * shape[-1]).tolist())
    return ml_case(make, "SVMRegressor", [make.normal(*shape)], attributes, [TensorProto.FLOAT], terms=100)


def svm_cases():
    for kernel in KERNELS:
        yield svm_classifier(kernel.lower(), kernel=kernel)
        yield svm_classifier(f"{kernel.lower()}_chances", kernel=kernel, chances=True, strings=True)
        yield svm_regressor(kernel.lower(), kernel=kernel)
    for transform in POST_TRANSFORMS[:4]:
        yield svm_classifier(f"two_{transform.lower()}", classes=2, vectors=(2, 3), post_transform=transform)
        yield svm_classifier(f"linear_{transform.lower()}", vectors=(), post_transform=transform)
        yield svm_classifier(f"pairs_{transform.lower()}", post_transform=transform)
    yield svm_classifier("two_chances", classes=2, vectors=(4, 1), chances=True)
    yield svm_classifier("four_chances", classes=4, vectors=(4, 1, 0, 2), chances=True, post_transform="SOFTMAX")
    yield svm_classifier("two_linear", classes=2, vectors=(), rows=20)
    yield svm_classifier("two_linear_all_positive", classes=2, vectors=(), rows=20, sign=1)
    yield svm_classifier("of_doubles", dtype=np.float64)
    yield svm_classifier("of_ints", dtype=np.int64)
    yield svm_regressor("without_vectors", vectors=0)
    yield svm_regressor("one_class", one_class=1)
    yield svm_regressor("one_row", shape=(4,))
    yield svm_regressor("logistic", post_transform="LOGISTIC")


# --- Encoders and features


def encoder(label, x, output, version=2, op="LabelEncoder", **attributes):
    make = Maker(f"{op.lower()}_{label}")
    attributes = {name: numpy_helper.from_array(value, name) if isinstance(value, np.ndarray) else value
                  for name, value in attributes.items()}
    return ml_case(make, op, [x], attributes, [output], version)


def encoder_cases():
    text = np.array([["word 1", "none"], ["word 0", ""]], object)
    ints = np.array([3, -1, 0, 7, 2], np.int64)
    floats = np.array([[0.5, -0.0, np.nan], [1e30, 2, -1]], np.float32)
    string, int64, single = TensorProto.STRING, TensorProto.INT64, TensorProto.FLOAT
    yield encoder("version_1_to_ints", text, int64, 1, classes_strings=words(2), default_int64=-7)
    yield encoder("version_1_to_strings", ints, string, 1, classes_strings=words(3), default_string="other")
    yield encoder("strings_to_ints", text, int64, keys_strings=words(2), values_int64s=[5, 6])
    yield encoder("strings_to_floats", text, single, keys_strings=words(2), values_floats=[5.5, 6], default_float=-1.5)
    yield encoder("strings_to_strings", text, string, keys_strings=words(2), values_strings=["a", "b"])
    yield encoder("ints_to_floats", ints, single, keys_int64s=[3, 0], values_floats=[0.25, 1])
    yield encoder("ints_to_strings", ints, string, keys_int64s=[3, 0, 3], values_strings=["a", "b", "c"])
    yield encoder("floats_to_strings", floats, string, keys_floats=[0.5, 0, 2], values_strings=["a", "b", "c"])
    yield encoder("nan_to_ints", floats, int64, 4, keys_floats=[0.5, float("nan"), -1], values_int64s=[1, 2, 3])
    yield encoder("tensors_of_doubles", floats.astype(np.float64), TensorProto.DOUBLE, 4,
                  keys_tensor=np.array([0.5, np.nan]), values_tensor=np.array([3.25, 1e-300]),
                  default_tensor=np.array([0.1]))
    yield encoder("tensor_of_int16", text, TensorProto.INT16, 4, keys_strings=words(2),
                  values_tensor=np.array([300, -5], np.int16), default_tensor=np.array([9], np.int16))
    cats = dict(cats_strings=["word 1", "a", "word 0"], cats_int64s=[3, -1, 5])
    yield encoder("to_ints", text, int64, 1, "CategoryMapper", **cats)
    yield encoder("to_strings", ints, string, 1, "CategoryMapper", default_string="x", **cats)
    for dtype in (np.int64, np.float32, np.float64):
        x = np.array([[3, 1], [0, 1]], dtype) + dtype(0.75)
        yield encoder(f"of_{np.dtype(dtype).name}", x, single, 1, "OneHotEncoder", cats_int64s=[1, 3, 8])
    yield encoder("of_strings", text, single, 1, "OneHotEncoder", cats_strings=words(3))
    yield encoder("without_zeros", np.array([8, 1]), single, 1, "OneHotEncoder", cats_int64s=[1, 3, 8], zeros=0)


def feature_cases():
    single = TensorProto.FLOAT
    for dtype in (np.float32, np.float64, np.int32, np.int64):
        name = np.dtype(dtype).name
        make = Maker(f"scaler_of_{name}")
        scale = dict(offset=[0.5, -1, 2], scale=[2, 0.25, -3])
        yield ml_case(make, "Scaler", [features(make, 4, 3, dtype)], scale, [single])
        for norm in ("MAX", "L1", "L2"):
            make = Maker(f"normalizer_{norm.lower()}_of_{name}")
            x = features(make, 5, 3, dtype)
            x[1] = 0
            yield ml_case(make, "Normalizer", [x], dict(norm=norm), [single])
        make = Maker(f"featurevectorizer_of_{name}")
        parts = [features(make, 3, columns, dtype) for columns in (2, 1, 4)]
        yield ml_case(make, "FeatureVectorizer", parts, dict(inputdimensions=[2, 3, 4]), [single])
        make = Maker(f"arrayfeatureextractor_of_{name}")
        yield ml_case(make, "ArrayFeatureExtractor", [features(make, 3, 4, dtype), np.array([[3, 0, 3]])], {})
    make = Maker("scaler_by_one")
    yield ml_case(make, "Scaler", [make.normal(5)], dict(offset=[0.5], scale=[2.0]), [single])
    make = Maker("normalizer_of_one_row")
    yield ml_case(make, "Normalizer", [make.normal(5)], dict(norm="L2"), [single])
    make = Maker("arrayfeatureextractor_of_one_row")
    yield ml_case(make, "ArrayFeatureExtractor", [make.normal(5), np.array([4, 1])], {})
    make = Maker("arrayfeatureextractor_of_strings")
    yield ml_case(make, "ArrayFeatureExtractor", [np.array([words(3)] * 2, object), np.array([2])], {},
                  [TensorProto.STRING])
    make = Maker("binarizer")
    yield ml_case(make, "Binarizer", [features(make, 3, 4)], dict(threshold=0.25))
    for label, replaced in (("nan", float("nan")), ("number", 0.5)):
        make = Maker(f"imputer_of_{label}")
        x = np.where(make.rng.random((4, 3)) < 0.4, np.float32(replaced), make.normal(4, 3))
        yield ml_case(make, "Imputer", [x], dict(imputed_value_floats=[1.0, 2.0, 3.0], replaced_value_float=replaced))
    make = Maker("imputer_of_ints")
    yield ml_case(make, "Imputer", [np.array([[0, 5], [-2, 0]])], dict(imputed_value_int64s=[9]))


def all_cases():
    yield from tree_cases()
    yield from placed_tree_cases()
    yield from linear_cases()
    yield from svm_cases()
    yield from encoder_cases()
    yield from feature_cases()
