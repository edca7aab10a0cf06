"""The single-node tests of ai.onnx.ml: inputs and attributes, seeded by the name of each case, as in contrib_cases.py."""
import numpy as np
from onnx import TensorProto, numpy_helper

from contrib_cases import Maker
from ml_case import POST_TRANSFORMS, features, ml_case, words

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
    twice = ["word 1", "word 0", "word 1"]
    yield encoder("of_categories_twice", text, single, 1, "OneHotEncoder", cats_strings=twice)
    yield encoder("of_strings_twice", text, int64, 1, "CategoryMapper", cats_strings=twice, cats_int64s=[1, 2, 3])
    yield encoder("of_classes_twice", text, int64, 1, classes_strings=twice)
    yield encoder("of_keys_twice", text, int64, keys_strings=twice, values_int64s=[1, 2, 3])
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
    make = Maker("featurevectorizer_of_rank_3")
    yield ml_case(make, "FeatureVectorizer", [make.normal(2, 3, 2)], dict(inputdimensions=[7]), [single])
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
    yield from linear_cases()
    yield from svm_cases()
    yield from encoder_cases()
    yield from feature_cases()
