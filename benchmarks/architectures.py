#!/usr/bin/env python3
"""Times sixty architectures as PyTorch exports them on onnxruntime and Tenon in turn, and sums up how they compare.

usage: architectures.py [--only TEXT] [--threads 1,2] [--runs N] [--rounds N] [--isa avx2] [--write]

Each round runs both sides in processes of their own; ratios are onnxruntime's smallest time over Tenon's, above 1 is
faster. To be: none below 0.8, nine of ten above 1, the geometric mean at least 1.2. Exits with 1 when outputs are not
within 1e-3 of onnxruntime's largest value. --write makes a section of docs/performance.md of it.

Missing models are exported (exported/export.py) by --torch-python, of Debian's python3-torch and python3-torchvision.
On an idle machine all take about 15 minutes.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np

import doc_page
import narrow_onnxruntime
import sides

EXPORT = os.path.join(doc_page.ROOT, 'benchmarks/exported/export.py')
LEAST, MOST_ABOVE, MEAN = 0.8, 0.9, 1.2


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--only', default='', help='architectures whose names hold one of these, by commas')
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--runs', type=int, default=10, help='of a side in a round; small models run 0.2 s')
    parser.add_argument('--rounds', type=int, default=2)
    parser.add_argument('--isa', default='', help='avx2: what both are kept to')
    parser.add_argument('--tenon', default=os.path.join(doc_page.ROOT, 'build/release/tools/tenon'))
    parser.add_argument('--torch-python', default='/usr/bin/python3', help='an interpreter that has torch')
    parser.add_argument('--dir', default=os.path.join(doc_page.ROOT, 'build/benchmarks/exported'))
    parser.add_argument('--write', action='store_true', help='write docs/performance.md')
    return parser.parse_args()


def exported(args):
    """The paths of all that are asked for, exported where they are not there yet."""
    os.makedirs(args.dir, exist_ok=True)
    names = subprocess.run([args.torch_python, EXPORT, args.dir], check=True, capture_output=True, text=True).stdout
    names = [n for n in names.split() if any(text in n for text in args.only.split(','))]
    paths = {n: os.path.join(args.dir, n + '.onnx') for n in names}
    missing = [n for n in names if not os.path.exists(paths[n])]
    if missing:
        subprocess.run([args.torch_python, EXPORT, args.dir, *missing], check=True)
    return paths


def measure(args, path, cache):
    """Ratios by threads, the difference of outputs, and the operators that cpu_ref has by share."""
    peer = sides.Peer('onnxruntime', narrow_onnxruntime.environment(args.dir) if args.isa == 'avx2' else None)
    tenon = sides.Tenon(args.tenon, args.isa, environment={'XDG_CACHE_HOME': cache})
    with tempfile.TemporaryDirectory() as scratch:
        case = sides.case_of(path, args.dir, scratch, {})
        difference = sides.difference(peer.outputs(case), tenon.outputs(case))
        runs = max(args.runs, min(200, int(200 / peer.time(case, 1, 3).median)))
        ratios = {}
        for threads in [int(t) for t in args.threads.split(',')]:
            found = [(peer.time(case, threads, runs), tenon.time(case, threads, runs)) for _ in range(args.rounds)]
            ratios[threads] = [sides.Timed.all_of(times) for times in zip(*found)]
        return ratios, difference, tenon.elsewhere(case)


def summary(ratios):
    """Of the ratios of all architectures."""
    mean, above = float(np.exp(np.mean(np.log(ratios)))), float(np.mean(np.array(ratios) > 1))
    met = min(ratios) >= LEAST and above >= MOST_ABOVE and mean >= MEAN
    return [f'{min(ratios):.2f}', f'{above:.0%}', f'{mean:.2f}', 'met' if met else 'MISSED']


def page_text(args, found):
    threads = [int(t) for t in args.threads.split(',')]

    def ratio(name, count):
        theirs, ours = found[name][0][count]
        return theirs.least / ours.least
    sums = [[count, *summary([ratio(name, count) for name in found])] for count in threads]
    rows = []
    for name in sorted(found, key=lambda n: ratio(n, threads[0])):
        times, difference, (share, operators) = found[name]
        cells = [f'{times[t][0].least:.2f} / {times[t][1].least:.2f} = {ratio(name, t):.2f}' for t in threads]
        told = ', '.join(f'{operator} {part:.1%}' for operator, part in operators[:3] if part >= 0.001)
        rows.append([name, *cells, f'{difference:.1e}', f'{share:.1%}', told])
    import onnxruntime
    return '\n\n'.join([
        doc_page.header(onnxruntime) + (f'; both kept to {args.isa}' if args.isa else ''),
        f"{len(found)} architectures in the forms of PyTorch's exporter with random weights. onnxruntime's smallest "
        f"time in ms / Tenon's = the ratio.\nTo be: none below {LEAST}, {MOST_ABOVE:.0%} above 1, the geometric mean "
        f'at least {MEAN}.',
        doc_page.table(['threads', 'smallest', 'above 1', 'geometric mean', ''], sums),
        doc_page.table(['architecture', *(f'{t} thread{"s" * (t > 1)}' for t in threads), 'difference', 'on cpu_ref',
                        'its operators'], rows)])


def main():
    args = parse_arguments()
    found = {}
    paths = exported(args)
    with tempfile.TemporaryDirectory(dir=args.dir) as cache:
        for name, path in paths.items():
            try:
                found[name] = measure(args, path, cache)
            except subprocess.CalledProcessError as failure:
                sys.exit(f'{name}: {failure}\n{failure.stderr or ""}')
            told = ', '.join(f'{a.least / b.least:.2f}' for a, b in found[name][0].values())
            print(f'{name}: {told}', file=sys.stderr, flush=True)
    text = page_text(args, found)
    print(text)
    if args.write:
        doc_page.write_section('Exported architectures' + (f', isa={args.isa}' if args.isa else ''), text)
    return 0 if all(difference <= 1e-3 for _, difference, _ in found.values()) else 1


if __name__ == '__main__':
    sys.exit(main())
