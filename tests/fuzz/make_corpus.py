#!/usr/bin/env python3
"""Writes the seed corpus of onnx_importer_fuzzer: small models that reach every part of the importer.

Needs the PyPI package onnx. valid_* must import, bad_* must not; corpus_test.cc checks that.
"""
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FOLDER = pathlib.Path(__file__).parent / "corpus" / "onnx_importer"


def value(name, dims=(2, 3), dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, dims)


def model(nodes, inputs, outputs, initializers=(), **options):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    options.setdefault("opset_imports", [helper.make_opsetid("", 17)])
    options.setdefault("ir_version", 8)
    return helper.make_model(graph, producer_name="tenon", **options)


def relu(initializers=(), **options):
    return model([helper.make_node("Relu", ["x"], ["y"], name="relu")], [value("x")], [value("y")], initializers,
                 **options)


def typed(name, dtype, dims, values):
    return helper.make_tensor(name, dtype, dims, values)


def raw(name, dtype, dims, data):
    tensor = TensorProto(name=name, data_type=dtype, raw_data=data)
    tensor.dims.extend(dims)
    return tensor


def typed_initializers():
    t = TensorProto
    small = [t.INT8, t.UINT8, t.INT16, t.UINT16, t.INT32, t.INT64, t.UINT32, t.UINT64, t.BOOL, t.FLOAT, t.DOUBLE,
             t.FLOAT16, t.BFLOAT16, t.COMPLEX64, t.COMPLEX128, t.UINT4, t.INT4, t.FLOAT6E2M3, t.FLOAT6E3M2]
    return [typed(f"t{d}", d, [3], [1, 0, 1]) for d in small] + [typed("s", t.STRING, [2], ["a", "longer text"])]


def raw_initializers():
    sizes = {1: 4, 2: 1, 3: 1, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 14: 8, 16: 2, 17: 1, 20: 1, 24: 1}
    tensors = [raw(f"r{d}", d, [4], bytes([0, 1] * (2 * n))) for d, n in sizes.items()]
    return tensors + [raw(f"r{d}", d, [5], bytes(n)) for d, n in ((21, 3), (22, 3), (23, 3), (25, 2), (26, 2), (27, 4), (28, 4))]


def branch(name, depth):
    nodes = [helper.make_node("Neg", ["x"], [name])]
    if depth:
        nodes = [helper.make_node("If", ["c"], [name], then_branch=branch(f"{name}t", depth - 1),
                                  else_branch=branch(f"{name}e", 0))]
    return helper.make_graph(nodes, name, [], [value(name)])


def nested(depth):
    node = helper.make_node("If", ["c"], ["y"], then_branch=branch("t", depth), else_branch=branch("e", 0))
    return model([node], [value("x"), value("c", (), TensorProto.BOOL)], [value("y")])


def loop():
    body = helper.make_graph(
        [helper.make_node("Add", ["acc", "x"], ["sum"]), helper.make_node("Identity", ["cond"], ["go"])], "body",
        [value("i", (), TensorProto.INT64), value("cond", (), TensorProto.BOOL), value("acc")],
        [value("go", (), TensorProto.BOOL), value("sum")])
    return model([helper.make_node("Loop", ["n", "", "x"], ["y"], body=body)],
                 [value("x"), value("n", (), TensorProto.INT64)], [value("y")])


def attributes():
    node = helper.make_node("Custom", ["x"], ["y"], domain="test", f=1.5, i=-3, s="text", floats=[1.0, 2.0],
                            ints=[1, -1], strings=["a", "b"], t=numpy_helper.from_array(np.arange(3)),
                            tp=helper.make_tensor_type_proto(1, [1, "n"]))
    return model([node], [value("x")], [value("y")],
                 opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("test", 1)])


def types():
    tensor = helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", None, 3])
    sequence = helper.make_sequence_type_proto(tensor)
    kinds = {"seq": sequence, "opt": helper.make_optional_type_proto(sequence),
             "map": helper.make_map_type_proto(TensorProto.STRING, tensor),
             "sparse": helper.make_sparse_tensor_type_proto(TensorProto.FLOAT, [3])}
    inputs = [helper.make_value_info(name, kind) for name, kind in kinds.items()]
    return model([helper.make_node("SequenceAt", ["seq", "i"], ["y"])],
                 inputs + [value("i", (), TensorProto.INT64)], [helper.make_value_info("y", tensor)])


def chain():
    """Matrix products with their nodes in the wrong order, value infos, metadata and a constant."""
    weights = [numpy_helper.from_array(np.ones((3, 3), np.float32), f"w{i}") for i in range(4)]
    nodes = [helper.make_node("MatMul", [f"v{i}", f"w{i}"], [f"v{i + 1}"], name=f"product{i}") for i in range(4)]
    nodes.append(helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.float32(2))))
    nodes.append(helper.make_node("Mul", ["v4", "k"], ["y"]))
    result = model(nodes[::-1], [value("v0")] + [value("w0", (3, 3))], [value("y")], weights, doc_string="documented")
    result.graph.value_info.append(value("v1"))
    helper.set_model_props(result, {"author": "tenon", "license": "Apache-2.0"})
    return result


def external():
    tensor = raw("w", TensorProto.FLOAT, [4], b"")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, text in (("location", "w.bin"), ("offset", "16"), ("length", "16"), ("checksum", "0")):
        tensor.external_data.add(key=key, value=text)
    return relu([tensor])


def sparse(indices):
    result = relu()
    result.graph.sparse_initializer.append(helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(2, np.float32), "s"), numpy_helper.from_array(np.array(indices)), [2, 2]))
    return result


def function(recursive=False):
    """Nested functions with a left-out input, attribute references, a default value and a subgraph."""
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("mine", 1)]

    def node(op, inputs, outputs, refs=(), **attributes):
        made = helper.make_node(op, inputs, outputs, **attributes)
        for name, kind in refs:
            made.attribute.add(name=name, ref_attr_name=name, type=kind)
        return made

    clip = helper.make_function(
        "mine", "Scaled", ["a", "low", "high"], ["c"],
        [node("LeakyRelu", ["a"], ["b"], [("alpha", onnx.AttributeProto.FLOAT)]),
         node("Scaled" if recursive else "Clip", ["b", "low", "high"], ["c"], domain="mine" if recursive else "")],
        opsets, attribute_protos=[helper.make_attribute("alpha", 0.5)])
    branches = {"then_branch": helper.make_graph([node("Add", ["a", "k"], ["t"])], "then", [], [value("t")]),
                "else_branch": helper.make_graph([node("Scaled", ["a"], ["e"], domain="mine")], "else", [],
                                                 [value("e")])}
    choose = helper.make_function(
        "mine", "Choose", ["a", "flag"], ["b", "a"],
        [node("Constant", [], ["k"], value=numpy_helper.from_array(np.ones((2, 3), np.float32))),
         node("If", ["flag"], ["b"], **branches)], opsets)
    nodes = [node("Choose", ["x", "c"], ["h", "same"], domain="mine", name="choose"),
             node("Scaled", ["h", "", "same"], ["y"], domain="mine", name="scaled", alpha=0.25)]
    return model(nodes, [value("x"), value("c", (), TensorProto.BOOL)], [value("y")], functions=[clip, choose],
                 opset_imports=opsets)


def cycle():
    return model([helper.make_node("Add", ["x", "b"], ["a"]), helper.make_node("Neg", ["a"], ["b"])], [value("x")],
                 [value("b")])


def main():
    huge = raw("w", TensorProto.FLOAT, [1 << 40, 1 << 40], b"abcd")
    serialized = {
        "valid_relu": relu(), "valid_newer_ir": relu(ir_version=13), "valid_typed": relu(typed_initializers()),
        "valid_raw": relu(raw_initializers()), "valid_nested": nested(3), "valid_loop": loop(),
        "valid_attributes": attributes(), "valid_types": types(), "valid_chain": chain(),
        "valid_empty_tensor": relu([raw("w", TensorProto.FLOAT, [0, 3], b"")]),
        "valid_function": function(), "bad_external": external(), "valid_sparse": sparse([0, 3]),
        "valid_sparse_coordinates": sparse([[0, 1], [1, 1]]), "bad_sparse": sparse([3, 0]),
        "bad_recursion": function(recursive=True), "bad_cycle": cycle(),
        "bad_depth": nested(30), "bad_huge_dims": relu([huge]),
        "bad_negative_dim": relu([raw("w", TensorProto.FLOAT, [-1], b"abcd")]),
        "bad_type": relu([raw("w", 99, [1], b"abcd")]),
    }
    files = {name: proto.SerializeToString(deterministic=True) for name, proto in serialized.items()}
    files["bad_truncated"] = files["valid_chain"][: len(files["valid_chain"]) // 2]
    files["bad_tensor"] = typed("t", TensorProto.FLOAT, [2], [1.0, 2.0]).SerializeToString()
    files["bad_text"] = b"no model"
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.onnx"):
        old.unlink()
    for name, data in files.items():
        (FOLDER / f"{name}.onnx").write_bytes(data)
    print(f"{len(files)} files, {sum(map(len, files.values()))} bytes, onnx {onnx.__version__}")


if __name__ == "__main__":
    main()
