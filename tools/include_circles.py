#!/usr/bin/env python3
"""Finds circles of includes by room: a header and its sources (x.h, x.cc, x_posix.cc) are one room, and an include of
another room is an arrow. Exit 1 when rooms include each other, a provider or the SDK includes host/, or the command
includes what is no part of the public API.

usage: include_circles.py [ROOT]
"""
import os
import re
import sys

FOLDERS = ('kernel_api', 'plugins_sdk', 'host', 'providers', 'tools', 'conform', 'examples')
INCLUDE_ROOTS = ('', 'host/api/include', 'kernel_api/include', 'plugins_sdk/include', 'providers/cpu_blas', 'providers/cpu_ref', 'tools')
PUBLIC = 'host/api/include/'
# Files of the command that know the host behind its API, and why.
HOST_TOOLS = {
    'tools/cache.cc': 'it looks into stores of packs, which are no business of an embedder',
    'tools/pack_verdict.cc': 'as cache.cc',
    'tools/pack_verdict.h': 'as cache.cc',
    'tools/operators_page.cc': "the host's own tables of operators make the page",
    'tools/idle_host.cc': 'it measures a host that has read no model; the API opens none without one',
}
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)


def room(path):
    return re.sub(r'(_posix|-inl)?\.(h|c|cc|inc)$', '', path)


def sources(root):
    for folder in FOLDERS:
        for top, _, names in os.walk(os.path.join(root, folder)):
            for name in names:
                if name.endswith(('.h', '.hpp', '.cc', '.c', '.inc')):
                    yield os.path.relpath(os.path.join(top, name), root)


def arrows(root):
    """{room: {room}}, and the includes that must not be."""
    files = set(sources(root))
    graph, forbidden, used = {}, [], set()
    for path in sorted(files):
        with open(os.path.join(root, path), encoding='utf-8') as f:
            included = INCLUDE.findall(f.read())
        graph.setdefault(room(path), set())
        for name in included:
            places = [os.path.dirname(path), *INCLUDE_ROOTS]
            found = next((p for p in (os.path.normpath(os.path.join(at, name)) for at in places) if p in files), None)
            if found is None:
                continue
            if path.startswith(('providers/', 'plugins_sdk/')) and found.startswith('host/'):
                forbidden.append(f'{path} includes {found}')
            if path.startswith('tools/') and found.startswith(('host/', 'kernel_api/', 'plugins_sdk/')) and not found.startswith(PUBLIC):
                used.add(path)
                if path not in HOST_TOOLS:
                    forbidden.append(f'{path} includes {found}: the command is built on <tenon/tenon.hpp> alone')
            if room(found) != room(path):
                graph[room(path)].add(room(found))
    for path in sorted(set(HOST_TOOLS) & files - used):
        forbidden.append(f'{path} is in HOST_TOOLS, but includes nothing of the host: take it out')
    return graph, forbidden


def circles(graph):
    """Strongly connected components of more than one room (Tarjan)."""
    index, low, stack, on_stack, found = {}, {}, [], set(), []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        on_stack.add(node)
        for other in graph.get(node, ()):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in on_stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            members = []
            while True:
                members.append(stack.pop())
                on_stack.discard(members[-1])
                if members[-1] == node:
                    break
            if len(members) > 1:
                found.append(sorted(members))

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    graph, forbidden = arrows(root)
    found = circles(graph)
    for members in found:
        print(f'{len(members)} rooms include each other:')
        for member in members:
            print(f'  {member} -> {", ".join(sorted(graph[member] & set(members)))}')
    for line in forbidden:
        print(line)
    print(f'{len(graph)} rooms, {len(found)} circles, {len(forbidden)} forbidden includes')
    sys.exit(1 if found or forbidden else 0)


if __name__ == '__main__':
    main()
