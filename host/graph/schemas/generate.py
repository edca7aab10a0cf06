#!/usr/bin/env python3
"""Writes onnx_schemas.inc and onnx_functions.inc beside this file from the schemas of the newest PyPI onnx package.

Usage: generate.py   (needs: pip install onnx, which brings numpy). Equal lists are written once. Functions are written
in the text that function_body.h describes; those that depend on a node's types or attributes are not.
"""

import pathlib

import numpy
import onnx
from onnx import TensorProto, defs

TYPES = {name.lower(): number for name, number in TensorProto.DataType.items()}
NEWEST_KNOWN_TYPE = TensorProto.FLOAT6E3M2
KINDS = {
    "INT": "Int", "FLOAT": "Float", "STRING": "String", "TENSOR": "Tensor", "GRAPH": "Graph", "INTS": "Ints",
    "FLOATS": "Floats", "STRINGS": "Strings", "TENSORS": "Tensors", "GRAPHS": "Graphs", "TYPE_PROTO": "Type",
}
# Defaults that only the text of the specification states: domain, operator, version, attribute.
STATED = {("", "Concat", 1, "axis"): 1, ("", "SequenceEmpty", 11, "dtype"): TensorProto.FLOAT}
# Misspelled in the package's tables: GRU of opset 1 has "foward", which its text and its other forms write in full.
MISSPELLED = {b"foward": b"forward"}


class Pool:
    """Arrays by content, in order of first use."""

    def __init__(self, cpp_type, prefix):
        self.cpp_type, self.prefix, self.names = cpp_type, prefix, {}

    def name(self, items):
        items = tuple(items)
        if not items:
            return "{}"
        return self.names.setdefault(items, f"{self.prefix}{len(self.names)}")

    def lines(self):
        return [f"inline constexpr {self.cpp_type} {name}[] = {{{', '.join(items)}}};" for items, name in self.names.items()]


def mask(allowed, prefixes):
    bits = 0
    for text in allowed:
        for prefix in prefixes:
            element = text.removeprefix(prefix + "(tensor(" if prefix else "tensor(").rstrip(")")
            if text.startswith(prefix + "(tensor(" if prefix else "tensor(") and TYPES[element] <= NEWEST_KNOWN_TYPE:
                bits |= 1 << TYPES[element]
    return hex(bits) if bits else "0"


def parameters(formals):
    for p in formals:
        arity = {"Single": "One", "Optional": "Opt", "Variadic": "Many"}[p.option.name]
        yield f'{{"{p.name}", "{p.type_str}", k{arity}, {str(p.is_homogeneous).lower()}}}'


def constraints(schema):
    for c in schema.type_constraints:
        a = c.allowed_type_strs
        optional = mask(a, ["optional", "optional(seq"])
        yield f'{{"{c.type_param_str}", {mask(a, [""])}, {mask(a, ["seq"])}, {optional}}}'


def literal(value):
    """What the attribute is without being given, in C++; lists are spans of pooled arrays."""
    if isinstance(value, int):
        return f"int64_t{{{value}}}"
    if isinstance(value, float):
        text = str(numpy.float32(value))  # the shortest text that reads back as this float
        return f"{text}f"
    if isinstance(value, bytes):
        return f'"{MISSPELLED.get(value, value).decode()}"sv'
    raise ValueError(f"no literal for a default of {type(value)}")


def default(schema, attribute, pools):
    value = attribute.default_value
    if value is None or not value.type:
        value = STATED.get((schema.domain, schema.name, schema.since_version, attribute.name))
        return None if value is None else literal(value)
    value = onnx.helper.get_attribute_value(value)
    if not isinstance(value, list):
        return literal(value)
    kind = {"INTS": "Ints", "FLOATS": "Floats", "STRINGS": "Strings"}[attribute.type.name]
    return f"{kind}Default{{{pools[kind].name(literal(item) for item in value)}}}"


def attributes(schema, pools):
    for a in sorted(schema.attributes.values(), key=lambda a: a.name):
        parts = [f'"{a.name}"', f'AttributeKind::k{KINDS.get(a.type.name, "Other")}', str(a.required).lower()]
        value = default(schema, a, pools)
        if value is not None:
            parts.append("&" + pools["all"].setdefault(value, f"{pools['prefix']}{len(pools['all'])}"))
        yield "{" + ", ".join(parts) + "}"


def function_attribute(a, graphs):
    """name=value, where @ stands before an attribute of the call, and a graph is told by its number."""
    if a.ref_attr_name:
        return f"{a.name}=@{a.ref_attr_name}"
    value = onnx.helper.get_attribute_value(a)
    if isinstance(value, onnx.GraphProto):
        inputs, outputs = ([v.name for v in values] for values in (value.input, value.output))
        return f"{a.name}=g:{function_graph(inputs, outputs, value.node, graphs)}"
    if isinstance(value, TensorProto):
        assert value.data_type == TensorProto.FLOAT and not value.dims, "only scalars of float have a form"
        return f"{a.name}=t:{numpy.float32(onnx.numpy_helper.to_array(value))}"
    if isinstance(value, float):
        return f"{a.name}=f:{numpy.float32(value)}"
    return f"{a.name}=i:{value}" if isinstance(value, int) else f"{a.name}=is:{','.join(str(int(i)) for i in value)}"


def function_graph(inputs, outputs, nodes, graphs):
    """Adds the lines of a graph and of those in its nodes; its number."""
    number = len(graphs)
    graphs.append([f"graph {','.join(inputs)} -> {','.join(outputs)}"])
    for n in nodes:
        assert not n.domain and n.output and all(n.input), "other domains and left-out inputs have no form"
        words = [",".join(n.output), n.op_type, ",".join(n.input)]
        words += [function_attribute(a, graphs) for a in n.attribute]
        graphs[number].append(" ".join(words).replace("  ", " "))
    return number


def function_rows():
    for s in sorted(defs.get_all_schemas_with_history(), key=lambda s: (s.domain, s.name, s.since_version)):
        for opset in sorted(s.function_opset_versions) if s.has_function else []:
            proto = onnx.FunctionProto.FromString(s.get_function_with_opset_version(opset))
            graphs = []
            function_graph(proto.input, proto.output, proto.node, graphs)
            text = "\n".join(line for graph in graphs for line in graph)
            yield f'    {{"{s.domain}", "{s.name}", {s.since_version}, {opset}, R"({text})"}},'


def write_inc(name, source, lines):
    lines = [f"// Generated by a script of this folder from {source}. Sorted by domain, operator and version.",
             "// clang-format off", *lines, "// clang-format on"]
    pathlib.Path(__file__).with_name(name).write_text("\n".join(lines) + "\n")


def write_schemas(kind, first, source, schemas, newest):
    """Writes <kind>_schemas.inc, whose tables are k<Kind>Schemas and k<Kind>Domains. first: of the names of pooled lists,
    as two such files are read in one namespace. newest: opsets by domain, where no schema is as new."""
    formals, types, attrs = (Pool(t, first + p) for t, p in
                             (("FormalParameter", "p"), ("TypeConstraint", "c"), ("AttributeSchema", "a")))
    lists = [Pool("int64_t", first + "i"), Pool("float", first + "f"), Pool("std::string_view", first + "s")]
    # all: the names of defaults
    values = dict(zip(("Ints", "Floats", "Strings"), lists), all={}, prefix=first + "v")
    rows, newest = [], dict(newest)
    for s in sorted(schemas, key=lambda s: (s.domain, s.name, s.since_version)):
        counts = ", ".join(str(min(n, 65535)) for n in (s.min_input, s.max_input, s.min_output, s.max_output))
        parts = [formals.name(parameters(s.inputs)), formals.name(parameters(s.outputs)),
                 types.name(constraints(s)), attrs.name(attributes(s, values))]
        rows.append(f'    {{"{s.domain}", "{s.name}", {s.since_version}, {str(s.deprecated).lower()}, {counts}, '
                    f'{", ".join(parts)}}},')
        if s.domain in newest or kind == "onnx":
            newest[s.domain] = max(newest.get(s.domain, 0), s.since_version)
    lines = [line for pool in lists for line in pool.lines()]
    lines += [f"inline constexpr AttributeDefault {name}{{{value}}};" for value, name in values["all"].items()]
    lines += formals.lines() + types.lines() + attrs.lines()
    lines += [f"inline constexpr OpSchema k{kind.title()}Schemas[] = {{"] + rows + ["};"]
    lines += [f"inline constexpr DomainVersion k{kind.title()}Domains[] = {{"]
    lines += [f'    {{"{domain}", {version}}},' for domain, version in sorted(newest.items())]
    write_inc(f"{kind}_schemas.inc", source, lines + ["};"])


def main():
    source = f"onnx {onnx.__version__}"
    write_schemas("onnx", "", source, defs.get_all_schemas_with_history(), {"": defs.onnx_opset_version()})
    rows = ["inline constexpr FunctionBody kOnnxFunctions[] = {", *function_rows(), "};"]
    write_inc("onnx_functions.inc", source, rows)


if __name__ == "__main__":
    main()
