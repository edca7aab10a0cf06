"""onnx's reference evaluator as a runtime for cases that onnxruntime has no kernel for.

It implements most operators in their newest version alone, in Python, and checks little; reference_reasons.py says
where its answer does not bind. Each case is bounded in time and memory. Only for the main thread of a process, as
alarms are.
"""
import contextlib
import resource
import signal
import time
import warnings

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

SECONDS = 5
MEMORY = 4 << 30  # bytes beyond what the process has when a case begins
# What the evaluator says, or numpy for it, of what it has not got: types, attributes and operators.
LACKING = (
    "is not implemented",
    "not implemented",
    "No implementation for operator",
    "Issues with types",
)


class Lacking(Exception):
    """The evaluator has no implementation of the operator, or none for its types or attributes."""


@contextlib.contextmanager
def bounds():
    """An alarm that raises TimeoutError, and a limit of memory beyond which MemoryError comes. A loop of numpy that an
    alarm does not reach ends the process by SIGXCPU."""

    def stop(signum, frame):
        raise TimeoutError(f"the reference evaluator takes more than {SECONDS} s")

    with open("/proc/self/statm", encoding="ascii") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    limits = {resource.RLIMIT_AS: used + MEMORY, resource.RLIMIT_CPU: int(time.process_time()) + 2 * SECONDS}
    before = {limit: resource.getrlimit(limit) for limit in limits}
    handler = signal.signal(signal.SIGALRM, stop)
    for limit, most in limits.items():
        resource.setrlimit(limit, (most, before[limit][1]))
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        for limit, both in before.items():
            resource.setrlimit(limit, both)
        signal.signal(signal.SIGALRM, handler)


def schemas_of(model):
    """The operator's schema in its version, and the newest; None for both where onnx has none."""
    node = model.graph.node[0]
    version = next(o.version for o in model.opset_import if o.domain == node.domain)
    try:
        own = onnx.defs.get_schema(node.op_type, version, node.domain)
        return own, onnx.defs.get_schema(node.op_type, domain=node.domain)
    except onnx.defs.SchemaError:
        return None, None


def add_own_defaults(node, own, newest):
    """Writes out defaults of the operator's version where the newest has others, which the evaluator would take; names
    of modes were only renamed."""
    given = {a.name for a in node.attribute}
    for name, attribute in own.attributes.items():
        default = attribute.default_value
        is_named = default.name and default.type != onnx.AttributeProto.STRING
        if name in given or not is_named or name not in newest.attributes:
            continue
        if default != newest.attributes[name].default_value:
            node.attribute.append(default)


def output_types(graph, schema, feeds):
    """The numpy type of each output by name, where the schema names it or ties it to an input."""
    node = graph.node[0]
    known = {name: array.dtype for name, array in feeds.items()}
    known.update((t.name, onnx.helper.tensor_dtype_to_np_dtype(t.data_type)) for t in graph.initializer)
    tied = {formal.type_str: known[name] for name, formal in zip(node.input, schema.inputs) if name in known}
    types = {}
    for position, name in enumerate(node.output):
        formal = schema.outputs[min(position, len(schema.outputs) - 1)].type_str
        if formal in tied:
            types[name] = tied[formal]
        elif formal.startswith("tensor("):
            element = onnx.TensorProto.DataType.Value(formal[len("tensor(") : -1].upper())
            types[name] = onnx.helper.tensor_dtype_to_np_dtype(element)
    return types


def compute(model, feeds):
    """The outputs of a model of one node. Raises Lacking, or whatever error the evaluator raises.

    numpy's rules of promotion leave outputs in types that the schema does not name: those are cast to the schema's.
    """
    node = model.graph.node[0]
    own, newest = schemas_of(model)
    if own is None:
        raise Lacking(f"onnx has no operator {node.op_type} in the domain {node.domain}")
    add_own_defaults(node, own, newest)
    types = output_types(model.graph, own, feeds)
    with bounds(), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            outputs = ReferenceEvaluator(model).run(None, feeds)
        except NotImplementedError as failure:
            raise Lacking(str(failure)) from failure
        except (TypeError, AttributeError, RuntimeError) as failure:
            if any(part in str(failure) for part in LACKING):
                raise Lacking(str(failure)) from failure
            raise
        return [of_type(np.asarray(v), types.get(port.name)) for v, port in zip(outputs, model.graph.output)]


def of_type(array, wanted):
    is_text = array.dtype.kind in "OSU"
    return array if wanted is None or is_text or wanted == array.dtype else array.astype(wanted)
