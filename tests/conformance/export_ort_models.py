"""Converts exported node tests to .ort with PyPI onnxruntime: FOLDER/<case>/model.ort, links to the case's data sets, and
FOLDER/cases.json. Cases that onnxruntime itself cannot open are left out, as are those where it turns an operator into
a Loop, which Tenon does not run.

usage: export_ort_models.py NODES FOLDER LIST Fixed|Runtime [--target-platform amd64|arm]

NODES is the folder of export_node_tests.py, LIST names the cases to take. The session options are those of onnxruntime's own
`python -m onnxruntime.tools.convert_onnx_models_to_ort`.
"""
import argparse
import json
import pathlib
import warnings

import onnx
import onnxruntime

from export_folder import refresh


def convert(source, target, style, target_platform=None):
    """Writes `target`; raises what onnxruntime raises."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.optimized_model_filepath = str(target)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.save_model_format", "ORT")
    options.add_session_config_entry("session.qdqisint8allowed", "1" if target_platform == "arm" else "0")
    if style == "Runtime":
        options.add_session_config_entry("optimization.minimal_build_optimizations", "save")
    left_out = None if target_platform == "amd64" else ["NchwcTransformer"]
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"], disabled_optimizers=left_out)


def listed(path):
    return [line for line in pathlib.Path(path).read_text().split("\n") if line and not line.startswith("#")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("nodes", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("list")
    parser.add_argument("style", choices=["Fixed", "Runtime"])
    parser.add_argument("--target-platform", choices=["amd64", "arm"])
    arguments = parser.parse_args()

    def export(folder):
        wanted = set(listed(arguments.list))
        index = json.loads((arguments.nodes / "cases.json").read_text())
        cases, left_out = [], []
        for case in index["cases"]:
            source, target = arguments.nodes / case["name"], folder / case["name"]
            if case["name"] not in wanted:
                continue
            target.mkdir()
            try:
                convert(source / "model.onnx", target / "model.ort", arguments.style, arguments.target_platform)
            except Exception as failure:  # onnxruntime has no common class for its errors
                left_out.append({"name": case["name"], "reason": str(failure)})
                continue
            if b"Loop" in (target / "model.ort").read_bytes() and b"Loop" not in (source / "model.onnx").read_bytes():
                left_out.append({"name": case["name"], "reason": "onnxruntime turns an operator into a Loop"})
                continue
            for data in source.glob("test_data_set_*"):
                (target / data.name).symlink_to(data.resolve())
            cases.append(case)
        (folder / "cases.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": cases}, indent=0))
        (folder / "left_out.json").write_text(json.dumps(left_out, indent=1))
        print(f"onnxruntime {onnxruntime.__version__} converted {len(cases)} of {len(wanted)} node tests, style "
              f"{arguments.style}; left_out.json tells why not the others")

    warnings.simplefilter("ignore")
    refresh(arguments.folder, __file__, export, modules=[arguments.list],
            versions=[onnxruntime.__version__, str(arguments)])


if __name__ == "__main__":
    main()
