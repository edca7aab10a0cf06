"""The sides of a comparison, each a process per measurement: Tenon, and the peers of peer_process.py. A Case is what
all of them run. Times are milliseconds, memory bytes.
"""
import dataclasses
import json
import os
import subprocess
import sys

import numpy as np

import live
import workloads

PEER_PROCESS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'peer_process.py')
HOLD = ['--hold-ms', '86400000']


@dataclasses.dataclass
class Timed:
    """Of one process, or of several."""
    median: float
    least: float

    @staticmethod
    def all_of(parts):
        """None when any of them failed."""
        if not parts or None in parts:
            return None
        return Timed(float(np.median([p.median for p in parts])), min(p.least for p in parts))


class Case:
    """A model's file with inputs saved in `folder` for both kinds of process."""

    def __init__(self, path, feeds, folder):
        self.path, self.feeds, self.folder = path, feeds, folder
        self.feeds_file = os.path.join(folder, 'feeds.npz')
        np.savez(self.feeds_file, **feeds)
        self.inputs = []
        for name, array in feeds.items():
            file = os.path.join(folder, name.replace('/', '_') + '.npy')
            np.save(file, array)
            self.inputs += ['--input', f'{name}={file}']


class Peer:
    def __init__(self, name, environment=None):
        self.name, self.environment = name, {**os.environ, **(environment or {})}

    def command(self, path, feeds_file, threads, runs, *more):
        return [sys.executable, PEER_PROCESS, self.name, path, feeds_file, str(threads), str(runs), *more]

    def time(self, case, threads, runs):
        """None when it cannot run the model."""
        done = subprocess.run(self.command(case.path, case.feeds_file, threads, runs), capture_output=True, text=True,
                              env=self.environment)
        if done.returncode != 0:
            told = (done.stderr.strip() or f'exit code {done.returncode}').splitlines()[-1]
            print(f'{os.path.basename(case.path)} fails on {self.name}: {told}', file=sys.stderr, flush=True)
            return None
        times = json.loads(done.stdout.splitlines()[-1])
        return Timed(float(np.median(times)), min(times))

    def outputs(self, case):
        file = os.path.join(case.folder, self.name + '.npz')
        subprocess.run(self.command(case.path, case.feeds_file, 1, 1, '--output', file), check=True,
                       capture_output=True, env=self.environment)
        return dict(np.load(file))

    def held(self, case, threads):
        """The commands that hold the model after a run, and nothing but the library."""
        return [self.command(path, case.feeds_file, threads, 0, '--hold') for path in (case.path, '')]


class Tenon:
    def __init__(self, command, isa='', providers='', environment=None):
        self.name, self.binary, self.environment = 'Tenon', command, {**os.environ, **(environment or {})}
        self.providers = providers or (f'cpu_blas:isa={isa},cpu_ref' if isa else 'cpu_blas,cpu_ref')

    def bench(self, case, threads, runs, *more):
        command = [self.binary, 'bench', case.path, '--json', '--runs', str(runs), '--threads', str(threads),
                   '--providers', self.providers, *case.inputs, *more]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=self.environment)
        return json.loads(done.stdout)

    def time(self, case, threads, runs):
        latency = self.bench(case, threads, runs)['latency_ms']
        return Timed(latency['p50'], latency['min'])

    def elsewhere(self, case, provider='cpu_ref', runs=3):
        """The share of a run's time that nodes of this provider take, and their operators by share."""
        profile = self.bench(case, 1, runs, '--warmup', '1', '--profile')['profile']
        total, shares = profile['total']['time_ms'] or 1, {}
        for node in profile['nodes']:
            if node['provider'] == provider:
                shares[node['operator']] = shares.get(node['operator'], 0) + node['time_ms'] / total
        return sum(shares.values()), sorted(shares.items(), key=lambda item: -item[1])

    def outputs(self, case):
        folder = os.path.join(case.folder, 'outputs_' + ''.join(c if c.isalnum() else '_' for c in self.providers))
        os.makedirs(folder, exist_ok=True)
        subprocess.run([self.binary, 'run', case.path, '--providers', self.providers, '--output', folder, '--report',
                        'none', *case.inputs], check=True, capture_output=True, env=self.environment)
        return {f[:-4]: np.load(os.path.join(folder, f)) for f in os.listdir(folder)}

    def held(self, case, threads):
        return [[self.binary, 'bench', case.path, '--json', *HOLD, '--hold-after-run', '--threads', str(threads),
                 '--providers', self.providers, *case.inputs], [self.binary, 'idle-host', *HOLD]]


def peak_memory(side, case, threads):
    """The highest anonymous memory until a first run is done, beyond the library alone; None when it does not run."""
    with_model, alone = (live.hold(command, 1, side.environment) for command in side.held(case, threads))
    return None if with_model is None else with_model[1][0]['peak'] - alone[1][0]['anon']


def difference(expected, actual):
    """The largest of all outputs, relative to the largest value of the output."""
    worst = 0.0
    for name, want in expected.items():
        got = actual.get(name.replace('/', '_'), actual.get(name))
        if got is None or got.shape != want.shape:
            return float('inf')
        want, got = want.astype(np.float64), got.astype(np.float64)
        apart = np.max(np.abs(want - got), initial=0)
        worst = max(worst, float(apart / max(np.max(np.abs(want), initial=0), 1e-30)))
    return worst if np.isfinite(worst) else float('inf')


def case_of(name, folder, scratch, shapes):
    """The case of a model of make_models.py, or of a path."""
    path = workloads.model_path(name, folder)
    return Case(path, workloads.make_feeds(path, workloads.row_of(name), shapes), scratch)
