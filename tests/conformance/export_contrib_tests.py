"""Exports single-node tests of ONNX Runtime's own operators and of ai.onnx.ml, with the outputs that onnxruntime
computes on CPUs: FOLDER/<case>/model.onnx, test_data_set_0, and FOLDER/cases.json.

onnxruntime sums in float and in an order of its own, so that a sum of n products of size 1 may be off by n times half
an epsilon; `terms` of a case is that n, of the longest chain of sums. atol is terms epsilons and rtol four.

usage: export_contrib_tests.py FOLDER
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

import attention_cases
import contrib_cases
import contrib_more_cases
import contrib_old_cases
import ml_case
import ml_cases
import ml_tree_cases
import quantized_cases
import quantized_table_cases
import stream_cases
import token_cases
from export_folder import refresh, write_tensor

MODULES = (attention_cases, contrib_cases, contrib_more_cases, contrib_old_cases, ml_cases, ml_tree_cases,
           quantized_cases, quantized_table_cases, stream_cases, token_cases)


def model_of(case):
    """The case's node as a model."""
    names = [f"in{i}" if value is not None else "" for i, value in enumerate(case.inputs)]
    outputs = [f"out{i}" if wanted else "" for i, wanted in enumerate(case.outputs)]
    node = helper.make_node(case.op, names, outputs, domain=case.domain, name="node", **case.attributes)
    ports = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
             for i, (name, value) in enumerate(zip(names, case.inputs)) if name and i not in case.constants]
    initializers = [numpy_helper.from_array(case.inputs[i], names[i]) for i in case.constants]
    types = case.output_types or [helper.np_dtype_to_tensor_dtype(case.inputs[0].dtype)] * len(outputs)
    results = [helper.make_tensor_value_info(name, dtype, None) for name, dtype in zip(outputs, types) if name]
    opsets = [helper.make_opsetid("", case.onnx_version)]
    if case.domain:
        opsets.append(helper.make_opsetid(case.domain, case.version))
    graph = helper.make_graph([node], case.name, ports, results, initializers)
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def run_in_place(session, case, given):
    """The outputs, of which some are in the memory of inputs."""
    binding = session.io_binding()
    values = {name: onnxruntime.OrtValue.ortvalue_from_numpy(value.copy()) for name, value in given.items()}
    for name, value in values.items():
        binding.bind_ortvalue_input(name, value)
    shared = {f"out{output}": values[f"in{i}"] for output, i in case.in_place}
    names = [output.name for output in session.get_outputs()]
    for name in names:
        if name in shared:
            binding.bind_ortvalue_output(name, shared[name])
        else:
            binding.bind_output(name)
    session.run_with_iobinding(binding)
    results = binding.get_outputs()
    return [shared.get(name, result).numpy().copy() for name, result in zip(names, results)]


def write_case(case, folder):
    model = model_of(case).SerializeToString()
    given = {f"in{i}": value for i, value in enumerate(case.inputs) if value is not None and i not in case.constants}
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    outputs = run_in_place(session, case, given) if case.in_place else session.run(None, given)
    data = folder / case.name / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / case.name / "model.onnx").write_bytes(model)
    for stem, values in (("input", given.values()), ("output", outputs)):
        for i, value in enumerate(values):
            write_tensor(data / f"{stem}_{i}.pb", value)
    epsilon = max((np.finfo(v.dtype).eps for v in outputs if np.issubdtype(v.dtype, np.floating)), default=0)
    atol = epsilon * case.terms if epsilon else case.steps
    return {"name": case.name, "rtol": float(4 * epsilon), "atol": float(atol), "kind": "tensor"}


def export(folder):
    onnxruntime.set_default_logger_severity(3)
    cases = [write_case(case, folder) for module in MODULES for case in module.all_cases()]
    (folder / "cases.json").write_text(json.dumps({"onnx": onnx.__version__, "cases": cases}, indent=0))
    print(f"exported {len(cases)} tests of contrib operators by onnxruntime {onnxruntime.__version__}")


if __name__ == "__main__":
    sources = [module.__file__ for module in (*MODULES, ml_case)]
    refresh(sys.argv[1], __file__, export, modules=sources, versions=[onnxruntime.__version__])
