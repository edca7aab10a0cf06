#!/usr/bin/env python3
"""One process of a peer, onnxruntime or OpenVINO: opens a model, runs it on given inputs and tells how long that took.

usage: peer_process.py PEER MODEL FEEDS.npz THREADS RUNS [--output FILE.npz] [--hold]

Prints the times in milliseconds as a JSON list; the first run and WARMUP more are not among them. --hold: runs once,
prints SESSION_READY and waits, so that its memory can be read; with an empty MODEL it only loads the library.
Both run float models in float, by one stream of THREADS threads, and take the model as it is: free shapes stay free.
"""
import json
import sys
import time

import numpy as np

WARMUP = 2


def open_onnxruntime(path, threads):
    """A function from inputs by name to outputs by name; None without a path."""
    import onnxruntime as ort
    if not path:
        return None
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    names = [o.name for o in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(None, feeds)))


def open_openvino(path, threads):
    import openvino as ov
    core = ov.Core()
    if not path:
        return None
    model = core.read_model(path)
    names = [next(iter(o.names)) for o in model.outputs]
    compiled = core.compile_model(model, 'CPU', {'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY',
                                                 'INFERENCE_NUM_THREADS': threads, 'NUM_STREAMS': 1})
    request = compiled.create_infer_request()

    def run(feeds):
        results = request.infer(feeds, share_inputs=True, share_outputs=True)
        return {name: results[i] for i, name in enumerate(names)}
    return run


OPEN = {'onnxruntime': open_onnxruntime, 'openvino': open_openvino}


def main():
    peer, path, feeds_file, threads, runs = sys.argv[1:6]
    more = sys.argv[6:]
    run = OPEN[peer](path, int(threads))
    times = []
    if run:
        feeds = dict(np.load(feeds_file))
        results = run(feeds)
        if '--output' in more:
            np.savez(more[more.index('--output') + 1], **{name: np.array(array) for name, array in results.items()})
        for i in range(0 if '--hold' in more else WARMUP + int(runs)):
            begin = time.perf_counter()
            run(feeds)
            times.append((time.perf_counter() - begin) * 1e3)
    if '--hold' in more:
        print('{}\nSESSION_READY', flush=True)
        time.sleep(86400)
    print(json.dumps(times[WARMUP:]))


if __name__ == '__main__':
    main()
