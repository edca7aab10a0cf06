"""Estimators of scikit-learn, LightGBM and XGBoost, trained on a little data, converted by skl2onnx and onnxmltools."""
import numpy as np
from lightgbm import LGBMClassifier, LGBMRegressor
from onnxmltools import convert_lightgbm, convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType as OtherFloatTensorType
from skl2onnx import to_onnx
from sklearn import (cluster, decomposition, discriminant_analysis, ensemble, gaussian_process, impute, linear_model,
                     naive_bayes, neighbors, neural_network, pipeline, preprocessing, svm, tree)
from xgboost import XGBClassifier, XGBRegressor

from model_case import ModelCase

ROWS, COLUMNS = 240, 6
OPSETS = {"": 18, "ai.onnx.ml": 3}


def table(rng):
    """Columns, three classes and a number that hang together, and noise."""
    x = rng.standard_normal((ROWS, COLUMNS)).astype(np.float32)
    score = x[:, 0] + np.sin(2 * x[:, 1]) - x[:, 2] * x[:, 3]
    noise = rng.standard_normal(ROWS) * 0.1
    return x, np.digitize(score, [-0.7, 0.7]), (score + noise).astype(np.float32)


CLASSIFIERS = {
    "LogisticRegression": linear_model.LogisticRegression(),
    "SGDClassifier": linear_model.SGDClassifier(loss="log_loss", random_state=0),
    "RidgeClassifier": linear_model.RidgeClassifier(),
    "LinearSVC": svm.LinearSVC(random_state=0),
    "SVC": svm.SVC(),
    "SVC, polynomial, with probabilities": svm.SVC(kernel="poly", probability=True, random_state=0),
    "NuSVC": svm.NuSVC(nu=0.3),
    "DecisionTreeClassifier": tree.DecisionTreeClassifier(random_state=0),
    "RandomForestClassifier": ensemble.RandomForestClassifier(30, random_state=0),
    "ExtraTreesClassifier": ensemble.ExtraTreesClassifier(30, random_state=0),
    "GradientBoostingClassifier": ensemble.GradientBoostingClassifier(n_estimators=20, random_state=0),
    "AdaBoostClassifier": ensemble.AdaBoostClassifier(n_estimators=10, random_state=0),
    "BaggingClassifier": ensemble.BaggingClassifier(n_estimators=5, random_state=0),
    "KNeighborsClassifier": neighbors.KNeighborsClassifier(),
    "MLPClassifier": neural_network.MLPClassifier(hidden_layer_sizes=(16,), max_iter=50, random_state=0),
    "GaussianNB": naive_bayes.GaussianNB(),
    "BernoulliNB": naive_bayes.BernoulliNB(),
    "LinearDiscriminantAnalysis": discriminant_analysis.LinearDiscriminantAnalysis(),
    "QuadraticDiscriminantAnalysis": discriminant_analysis.QuadraticDiscriminantAnalysis(),
    "VotingClassifier": ensemble.VotingClassifier(
        [("lr", linear_model.LogisticRegression()), ("tree", tree.DecisionTreeClassifier(random_state=0))],
        voting="soft", flatten_transform=False),
    "a scaler and a LogisticRegression": pipeline.make_pipeline(preprocessing.StandardScaler(),
                                                                linear_model.LogisticRegression()),
}
REGRESSORS = {
    "LinearRegression": linear_model.LinearRegression(),
    "ElasticNet": linear_model.ElasticNet(0.01),
    "BayesianRidge": linear_model.BayesianRidge(),
    "SVR": svm.SVR(),
    "NuSVR": svm.NuSVR(),
    "RandomForestRegressor": ensemble.RandomForestRegressor(30, random_state=0),
    "GradientBoostingRegressor": ensemble.GradientBoostingRegressor(n_estimators=20, random_state=0),
    "KNeighborsRegressor": neighbors.KNeighborsRegressor(),
    "MLPRegressor": neural_network.MLPRegressor(hidden_layer_sizes=(16,), max_iter=50, random_state=0),
    "GaussianProcessRegressor": gaussian_process.GaussianProcessRegressor(alpha=0.1),
}
OTHERS = {
    "PCA": decomposition.PCA(3),
    "KMeans": cluster.KMeans(4, n_init=1, random_state=0),
    "IsolationForest": ensemble.IsolationForest(n_estimators=20, random_state=0),
    "OneClassSVM": svm.OneClassSVM(nu=0.2),
    "StandardScaler": preprocessing.StandardScaler(),
    "MinMaxScaler": preprocessing.MinMaxScaler(),
    "RobustScaler": preprocessing.RobustScaler(),
    "Normalizer": preprocessing.Normalizer(),
    "Binarizer": preprocessing.Binarizer(threshold=0.2),
    "KBinsDiscretizer": preprocessing.KBinsDiscretizer(4, encode="ordinal"),
    "PolynomialFeatures": preprocessing.PolynomialFeatures(2),
    "PowerTransformer": preprocessing.PowerTransformer(),
}


def write(model, folder, name, feeds):
    path = folder / f"{''.join(c if c.isalnum() else '_' for c in name)}.onnx"
    path.write_bytes(model.SerializeToString())
    return ModelCase(name, path, feeds)


def without_maps(estimator):
    """Probabilities as a tensor, where they are given at all."""
    has_map = hasattr(estimator, "predict_proba") or isinstance(estimator, (svm.SVC, svm.NuSVC))
    return {id(estimator): {"zipmap": False}} if has_map else None


def plain_cases(folder, x, classes, numbers):
    for estimators, target in ((CLASSIFIERS, classes), (REGRESSORS, numbers), (OTHERS, None)):
        for name, estimator in estimators.items():
            estimator.fit(x, target) if target is not None else estimator.fit(x)
            model = to_onnx(estimator, x[:1], options=without_maps(estimator), target_opset=OPSETS)
            yield write(model, folder, f"scikit-learn: {name}", {"X": x[:50]})


def mixed_cases(folder, rng, x, classes):
    """Columns of words and of numbers with gaps, and texts."""
    with_gaps = np.where(rng.random(x.shape) < 0.1, np.nan, x).astype(np.float32)
    filled = pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), linear_model.LogisticRegression())
    filled.fit(with_gaps, classes)
    model = to_onnx(filled, with_gaps[:1], options=without_maps(filled), target_opset=OPSETS)
    yield write(model, folder, "scikit-learn: an imputer and a LogisticRegression", {"X": with_gaps[:50]})

    words = np.array(["red", "green", "blue"])[rng.integers(0, 3, (ROWS, 2))]
    encoder = preprocessing.OneHotEncoder(handle_unknown="ignore").fit(words.astype(object))
    model = to_onnx(encoder, words[:1].astype(object), target_opset=OPSETS)
    yield write(model, folder, "scikit-learn: OneHotEncoder of words", {"X": words[:50]})
    ordinal = preprocessing.OrdinalEncoder().fit(words.astype(object))
    model = to_onnx(ordinal, words[:1].astype(object), target_opset=OPSETS)
    yield write(model, folder, "scikit-learn: OrdinalEncoder of words", {"X": words[:50]})

    named = linear_model.LogisticRegression().fit(x, words[np.arange(ROWS), 0])
    model = to_onnx(named, x[:1], options=without_maps(named), target_opset=OPSETS)
    yield write(model, folder, "scikit-learn: LogisticRegression of named classes", {"X": x[:50]})


def boosted_cases(folder, x, classes, numbers):
    initial = [("X", OtherFloatTensorType([None, COLUMNS]))]
    common = dict(n_estimators=20, random_state=0)
    for name, estimator, target, convert in (
            ("LightGBM: LGBMClassifier", LGBMClassifier(verbose=-1, **common), classes, convert_lightgbm),
            ("LightGBM: LGBMRegressor", LGBMRegressor(verbose=-1, **common), numbers, convert_lightgbm),
            ("XGBoost: XGBClassifier", XGBClassifier(**common), classes, convert_xgboost),
            ("XGBoost: XGBRegressor", XGBRegressor(**common), numbers, convert_xgboost)):
        estimator.fit(x, target)
        options = {"zipmap": False} if name == "LightGBM: LGBMClassifier" else {}
        yield write(convert(estimator, initial_types=initial, target_opset=15, **options), folder, name, {"X": x[:50]})


def cases(folder):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    x, classes, numbers = table(rng)
    yield from plain_cases(folder, x, classes, numbers)
    yield from mixed_cases(folder, rng, x, classes)
    yield from boosted_cases(folder, x, classes, numbers)
