"""Processes that hold a model while their memory is read: what memory.py measures Tenon and onnxruntime with alike."""
import json
import os
import subprocess
import sys
import threading
import time

READY = 'SESSION_READY'

# usage: python -c ORT_HOLD MODEL CONFIG_JSON RUN DIMS_JSON THREADS; an empty MODEL holds the library alone.
ORT_HOLD = '''
import json, sys, time
import numpy as np, onnxruntime as ort
model, config, run, dims, threads = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3] == '1', json.loads(sys.argv[4]), int(sys.argv[5])
figures = {}
if model:
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads
    for key, value in config.items():
        options.add_session_config_entry(key, value)
    begin = time.perf_counter()
    session = ort.InferenceSession(model, options, providers=['CPUExecutionProvider'])
    figures['open_ms'] = (time.perf_counter() - begin) * 1e3
    if run:
        feeds = {}
        for i in session.get_inputs():
            shape = dims.get(i.name) or [d if isinstance(d, int) else 1 for d in i.shape]
            feeds[i.name] = np.ones(shape, np.int64 if 'int64' in i.type else np.float32)
        begin = time.perf_counter()
        session.run(None, feeds)
        figures['first_run_ms'] = (time.perf_counter() - begin) * 1e3
        del feeds
print(json.dumps(figures))
print('SESSION_READY', flush=True)
time.sleep(86400)
'''

# As options of onnxruntime's sessions; the files are made by save_ort_variants().
MAPPED = {'session.use_memory_mapped_ort_model': '1'}
DIRECT = {**MAPPED, 'session.use_ort_model_bytes_for_initializers': '1'}
ORT_MODES = {
    'onnxruntime, .onnx': ('.onnx', {}),
    'onnxruntime, .ort': ('.ort', {}),
    'onnxruntime, .ort mapped': ('.ort', MAPPED),
    'onnxruntime, .ort mapped + direct': ('.ort', DIRECT),
    'onnxruntime, the same, prepacking off': ('.ort', {**DIRECT, 'session.disable_prepacking': '1'}),
    'onnxruntime, saved prepacks': ('.packed.onnx', {}),
}

ORT_SAVE = '''
import os, sys, onnxruntime as ort
model, stem = sys.argv[1:]
def save(path, **config):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = path
    for key, value in config.items():
        options.add_session_config_entry('session.' + key, value)
    ort.InferenceSession(model, options, providers=['CPUExecutionProvider'])
if os.path.getsize(model) > 16 << 20:  # the weights are inside, so that an .ort file can hold them
    save(stem + '.ort', save_model_format='ORT')
save(stem + '.packed.onnx', optimized_model_external_initializers_file_name=os.path.basename(stem) + '.packed.onnx.data',
     optimized_model_external_initializers_min_size_in_bytes='1024', save_external_prepacked_constant_initializers='1')
'''


def kilobyte_lines(path):
    """The 'Name: 12 kB' lines of a file of /proc, in bytes."""
    with open(path) as f:
        return {line.split(':')[0]: int(line.split()[1]) * 1024 for line in f if line.endswith(' kB\n')}


def anonymous_now(pid):
    """Anonymous resident bytes by the running counters: cheap enough to sample."""
    with open(f'/proc/{pid}/statm') as f:
        _, resident, of_files = f.read().split()[:3]
    return (int(resident) - int(of_files)) * os.sysconf('SC_PAGESIZE')


class Held:
    """A command that prints figures as JSON, then READY, and waits. Its memory's peak is sampled until it is ready."""

    def __init__(self, command, env=None):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})})
        self.peak = 0
        self.is_ready = False
        self.sampler = threading.Thread(target=self.sample, daemon=True)
        self.sampler.start()

    def sample(self):
        while not self.is_ready and self.process.poll() is None:
            try:
                self.peak = max(self.peak, anonymous_now(self.process.pid))
            except (OSError, ValueError):
                return
            time.sleep(0.001)

    def wait(self):
        """What it printed; None when it failed."""
        text = ''
        for line in self.process.stdout:
            if READY in line:
                self.is_ready = True
                self.sampler.join()
                return json.loads(text or '{}')
            text += line
        return None

    def memory(self):
        rollup = kilobyte_lines(f'/proc/{self.process.pid}/smaps_rollup')
        return {'private': rollup['Private_Clean'] + rollup['Private_Dirty'], 'pss': rollup['Pss'],
                'anon': rollup['Anonymous'], 'peak': self.peak}

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def hold(command, count, env=None):
    """Starts `count` processes and reads all while all live: ([figures], [memory]), or None when one failed."""
    held = [Held(command, env) for _ in range(count)]
    try:
        told = [h.wait() for h in held]
        return None if None in told else (told, [h.memory() for h in held])
    finally:
        for h in held:
            h.end()


def ort_command(model, config, run, dims, threads):
    return [sys.executable, '-c', ORT_HOLD, model, json.dumps(config), '1' if run else '0', json.dumps(dims),
            str(threads)]


def save_ort_variants(model, folder):
    """The files of ORT_MODES for a model: its path without '.onnx', in `folder`."""
    stem = os.path.join(folder, os.path.splitext(os.path.basename(model))[0])
    if not os.path.exists(stem + '.onnx'):
        for suffix in ('', '.data'):
            if os.path.exists(model + suffix):
                os.symlink(os.path.abspath(model + suffix), stem + '.onnx' + suffix)
    if not os.path.exists(stem + '.packed.onnx'):
        subprocess.run([sys.executable, '-c', ORT_SAVE, stem + '.onnx', stem], check=False)
    return stem
