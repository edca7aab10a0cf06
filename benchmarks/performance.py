"""compare.py --all: the workloads of workloads.py on onnxruntime, OpenVINO and Tenon, for docs/performance.md."""
import dataclasses
import itertools
import os
import sys
import tempfile

import doc_page
import narrow_onnxruntime
import sides
from workloads import WORKLOADS

SECONDS = 0.3  # that a process runs a small model for
NATIVE, NARROW = 'native', 'avx2'
MEGABYTE = 1e6


@dataclasses.dataclass
class Result:
    workload: object
    times: dict  # (isa, threads, side) -> Timed or None
    memory: dict  # side -> bytes of its peak; Tenon's of a first and a later open
    differences: dict  # isa -> of Tenon's outputs from cpu_ref's
    reference_share: float
    reference_operators: list

    def ratio(self, isa, threads, peer, part='least'):
        """The peer's time over Tenon's; None where one did not run."""
        theirs, ours = self.times.get((isa, threads, peer)), self.times.get((isa, threads, 'Tenon'))
        return getattr(theirs, part) / getattr(ours, part) if theirs and ours else None


class Measurement:
    def __init__(self, args, cache):
        self.args = args
        self.threads = [int(t) for t in args.threads.split(',')]
        home = {'XDG_CACHE_HOME': cache}
        self.sides = {NATIVE: [sides.Peer('onnxruntime'), sides.Peer('openvino'),
                               sides.Tenon(args.tenon, environment=home)]}
        if NARROW in args.isa.split(',') and doc_page.has_avx512():
            self.sides[NARROW] = [sides.Peer('onnxruntime', narrow_onnxruntime.environment(args.dir)),
                                  sides.Peer('openvino', {'ONEDNN_MAX_CPU_ISA': 'AVX2'}),
                                  sides.Tenon(args.tenon, NARROW, environment=home)]
        self.reference = sides.Tenon(args.tenon, providers='cpu_ref', environment={**home, 'TENON_PACK': 'off'})

    def times(self, case):
        """Each round runs every side in turn, in processes of their own."""
        probe = self.sides[NATIVE][0].time(case, 1, 3)
        runs = max(self.args.runs, min(300, int(SECONDS * 1e3 / probe.median)))
        found = {}
        for threads, _ in itertools.product(self.threads, range(self.args.rounds)):
            for isa, run_sides in self.sides.items():
                for side in run_sides:
                    found.setdefault((isa, threads, side.name), []).append(side.time(case, threads, runs))
        return {key: sides.Timed.all_of(parts) for key, parts in found.items()}

    def memory(self, case, has_openvino):
        """Tenon's later opens find the pack that the first one left."""
        onnxruntime, openvino, tenon = self.sides[NATIVE]
        threads = self.threads[-1]
        with tempfile.TemporaryDirectory() as empty:
            first = sides.Tenon(self.args.tenon, environment={'XDG_CACHE_HOME': empty})
            return {'onnxruntime': sides.peak_memory(onnxruntime, case, threads),
                    'openvino': sides.peak_memory(openvino, case, threads) if has_openvino else None,
                    'Tenon, first open': sides.peak_memory(first, case, threads),
                    'Tenon': sides.peak_memory(tenon, case, threads)}

    def run(self, workload):
        with tempfile.TemporaryDirectory() as scratch:
            case = sides.case_of(workload.model, self.args.dir, scratch, workload.shapes)
            expected = self.reference.outputs(case)
            differences = {isa: sides.difference(expected, s[-1].outputs(case)) for isa, s in self.sides.items()}
            share, operators = self.sides[NATIVE][-1].elsewhere(case)
            times = self.times(case)
            memory = self.memory(case, times[NATIVE, self.threads[0], 'openvino'] is not None)
            return Result(workload, times, memory, differences, share, operators)


def number(value, form='.2f'):
    return '-' if value is None else format(value, form)


def verdict(result, isa, threads):
    wrong = []
    ratio, other = (result.ratio(isa, threads, peer) for peer in ('onnxruntime', 'openvino'))
    if ratio is None or ratio < result.workload.target:
        wrong.append('onnxruntime')
    if other is not None and other < 1:
        wrong.append('OpenVINO')
    return 'behind ' + ' and '.join(wrong) if wrong else 'met'


def times_table(results, isa, threads):
    rows = []
    for r in results:
        timed = [r.times.get((isa, threads, side)) for side in ('onnxruntime', 'openvino', 'Tenon')]
        cells = [f'{t.least:.2f} / {t.median:.2f}' if t else '-' for t in timed]
        rows.append([r.workload.name, *cells, number(r.ratio(isa, threads, 'onnxruntime')),
                     number(r.ratio(isa, threads, 'onnxruntime', 'median')), number(r.ratio(isa, threads, 'openvino')),
                     f'{r.workload.target:g}', verdict(r, isa, threads)])
    return doc_page.table(['model', 'onnxruntime ms', 'OpenVINO ms', 'Tenon ms', 'onnxruntime / Tenon', 'of medians',
                           'OpenVINO / Tenon', 'at least', ''], rows)


def fits(r):
    """Whether memory, outputs and placement are as they are to be."""
    theirs, ours = r.memory['onnxruntime'], max(r.memory['Tenon'], r.memory['Tenon, first open'])
    wrong = ['memory'] if theirs is not None and ours > theirs else []
    wrong += ['outputs'] if max(r.differences.values()) > r.workload.tolerance else []
    wrong += ['placement'] if r.reference_share >= 0.01 else []
    return ', '.join(wrong) or 'met'


def memory_table(results):
    rows = []
    for r in results:
        cells = [number(None if m is None else m / MEGABYTE, '.1f') for m in r.memory.values()]
        operators = ', '.join(f'{name} {share:.1%}' for name, share in r.reference_operators[:4])
        rows.append([r.workload.name, *cells, ' / '.join(f'{d:.1e}' for d in r.differences.values()),
                     f'{r.reference_share:.1%}', operators or 'none', fits(r)])
    return doc_page.table(['model', 'onnxruntime MB', 'OpenVINO MB', 'Tenon MB, first open', 'Tenon MB', 'difference',
                           'on cpu_ref', 'its operators', ''], rows)


def summary_table(results, isas, threads):
    """A line for each figure: the smallest ratio of its workloads over all numbers of threads."""
    def least(found, isa, peer):
        ratios = [x for r in found for t in threads if (x := r.ratio(isa, t, peer)) is not None]
        return min(ratios, default=None)
    rows = []
    for figure in dict.fromkeys(r.workload.figure for r in results):
        found = [r for r in results if r.workload.figure == figure]
        ratios = [least(found, isa, 'onnxruntime') for isa in isas]
        target = found[0].workload.target
        rows.append([figure, f'{target:g}', *map(number, ratios),
                     'met' if all(x is not None and x >= target for x in ratios) else 'MISSED'])
    ratios = [least(results, isa, 'openvino') for isa in isas]
    rows.append(['each against OpenVINO', '1', *map(number, ratios),
                 'met' if all(x is None or x >= 1 for x in ratios) else 'MISSED'])
    head = ["the other's time over Tenon's", 'at least', *(f'smallest, {isa}' for isa in isas), '']
    return doc_page.table(head, rows)


EXPLAINED = '''Each round runs every side in turn, each in a process of its own: onnxruntime, OpenVINO (float, latency,
one stream), Tenon, then the three kept to AVX2: onnxruntime by a copy that is told of no AVX-512
(`narrow_onnxruntime.py`), OpenVINO by `ONEDNN_MAX_CPU_ISA`, Tenon by `isa=avx2`. {rounds} rounds of at least {runs}
runs; times are the smallest / the median; ratios are of the smallest times where it is not said otherwise.
`difference` is the largest of an output from cpu_ref's relative to its largest value (native, avx2); peaks are of
anonymous memory until a first run is done, beyond the library alone.'''


def page_text(args, results, isas, threads):
    import onnxruntime
    import openvino
    parts = [doc_page.header(onnxruntime, openvino),
             EXPLAINED.format(rounds=args.rounds, runs=args.runs), summary_table(results, isas, threads)]
    for isa, count in itertools.product(isas, threads):
        parts += [f'### {isa}, {count} thread{"s" * (count > 1)}', times_table(results, isa, count)]
    return '\n\n'.join(parts + ['### Peak memory, outputs, nodes on cpu_ref', memory_table(results)])


def run_all(args):
    """The exit code: 1 when outputs differ."""
    only = set(args.models.split(',')) if args.models else None
    results = []
    os.makedirs(args.dir, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=args.dir) as cache:
        measurement = Measurement(args, cache)
        isas = list(measurement.sides)
        for workload in WORKLOADS:
            if only is None or workload.model in only or workload.name in only:
                results.append(measurement.run(workload))
                told = [f'{isa}, {t}: {number(results[-1].ratio(isa, t, "onnxruntime"))} '
                        f'{number(results[-1].ratio(isa, t, "openvino"))}'
                        for isa in isas for t in measurement.threads]
                print(f'{workload.name}: {"; ".join(told)}; {fits(results[-1])}', file=sys.stderr, flush=True)
    text = page_text(args, results, isas, measurement.threads)
    print(text)
    if args.write:
        doc_page.write_section('Models', text)
    return 0 if all(max(r.differences.values()) <= r.workload.tolerance for r in results) else 1
