#!/usr/bin/env python3
"""Adds an operator, a pass, a subcommand and an option to a copy of the sources, each by the two places that
CONTRIBUTING.md names, builds what they are part of, and sees them work. Minutes: the copy is built from nothing, with
ccache what has changed.

usage: additions_test.py SOURCE_FOLDER [COPY_FOLDER]     COPY_FOLDER: kept, for a faster second run
"""
import ctypes
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(sys.argv[1]).resolve()

KERNEL = r"""// RegexFullMatch, for a test: whether each string is the pattern, letter by letter.
#include <string>
#include <tenon/sdk/sdk.hpp>

namespace tenon::cpu_ref {
namespace {

class RegexFullMatch final : public sdk::Kernel {
 public:
  explicit RegexFullMatch(std::string pattern) : pattern_(std::move(pattern)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_BOOL, x.shape()));
    for (int64_t i = 0; i < x.count(); ++i) y.data<bool>()[i] = sdk::view(x.data<tn_str>()[i]) == pattern_;
    return {};
  }

 private:
  std::string pattern_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_regex_full_match(const sdk::KernelInfo& info) {
  return std::make_unique<RegexFullMatch>(info.attr_string("pattern"));
}

}  // namespace tenon::cpu_ref
"""

COMMAND = r"""#include <cstdio>

#include "tools/commands.h"

namespace tenon::tools {

void add_greet_command(CLI::App& app, Action& action) {
  app.add_subcommand("greet", "Say good day")->callback([&action] {
    action = [] {
      std::puts("good day");
      return true;
    };
  });
}

}  // namespace tenon::tools
"""

PASS = r"""#include "host/optimize/passes/passes.h"

namespace tenon::host {

Status greet_pass(Model&, const OptimizeOptions&, OptimizeNotes& notes) {
  notes.push_back("good day from a pass");
  return {};
}

}  // namespace tenon::host
"""


class Copy:
    """The tracked files of the tree, and which of them were touched since."""

    def __init__(self, folder):
        self.folder, self.touched = folder, set()
        names = subprocess.run(["git", "ls-files", "-z"], cwd=SOURCE, capture_output=True, check=True).stdout
        for name in filter(None, names.decode().split("\0")):
            source, target = SOURCE / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.write_bytes(source.read_bytes())
                target.chmod(source.stat().st_mode)

    def write(self, name, text):
        self.touched.add(name)
        (self.folder / name).write_text(text)

    def append(self, name, text):
        self.write(name, (self.folder / name).read_text() + text)

    def insert(self, name, before, text):
        """`text` in front of the first line that starts with `before`."""
        lines = (self.folder / name).read_text().splitlines(keepends=True)
        at = next(i for i, line in enumerate(lines) if line.lstrip().startswith(before))
        self.write(name, "".join(lines[:at]) + text + "".join(lines[at:]))


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, content):
    """A field of a serialized message: a number, a string, or bytes."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def model():
    """y = RegexFullMatch(["tenon", "mortise"], pattern "tenon"), as a serialized ModelProto."""
    strings = field(1, "value_strings") + field(9, "tenon") + field(9, "mortise") + field(20, 8)
    pattern = field(1, "pattern") + field(4, "tenon") + field(20, 3)
    nodes = [
        field(2, "x") + field(4, "Constant") + field(5, strings),
        field(1, "x") + field(2, "y") + field(4, "RegexFullMatch") + field(5, pattern),
    ]
    output = field(1, "y") + field(2, field(1, field(1, 9)))
    graph = b"".join(field(1, n) for n in nodes) + field(2, "g") + field(12, output)
    return field(1, 8) + field(7, graph) + field(8, field(2, 20))


def output_of(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120)
    return done.stdout if done.returncode == 0 else f"{done.stdout}{done.stderr}exit code {done.returncode}"


def expect(what, is_so):
    print(f"{'passed' if is_so else 'FAILED'}: {what}")
    return is_so


def add_operator(copy):
    copy.write("providers/cpu_ref/convert/regex_full_match.cc", KERNEL)
    row = 'KERNEL("", RegexFullMatch, 20, 0, kAny, kNew, make_regex_full_match)\n'
    copy.append("providers/cpu_ref/convert/kernels.inc", row)
    row = 'OPERATOR("", "RegexFullMatch", .shape = shapes::same_as_first)\n'
    copy.insert("host/graph/operators/facts.inc", 'OPERATOR("", "Relu"', row)


def add_pass(copy):
    copy.write("host/optimize/passes/greet.cc", PASS)
    copy.insert("host/optimize/passes/passes.h", "PASS(fold, ", "  PASS(greet, rewrite_graph) \\\n")


def add_subcommand(copy):
    copy.write("tools/greet.cc", COMMAND)
    copy.insert("tools/commands.h", "COMMAND(run, ", '  COMMAND(greet, "greet") \\\n')


def add_option(copy):
    copy.insert("host/session/options.h", "unsigned threads = 0;", "  unsigned patience = 0;\n")
    facts = '.most = 9, .default_text = "0", .environment = {"TENON_PATIENCE"}, .flag = "--patience", .help = "How long"'
    copy.insert("host/session/option_table.inc", 'OPTION("threads"', f'OPTION("patience", patience, {facts})\n')


def check_option(folder, tenon, file):
    def run(*arguments):
        return output_of(tenon, "run", file, "--providers", "cpu_ref", "--pack", "off", *arguments)

    library = ctypes.CDLL(str(folder / "build/release/lib/libtenon.so"))
    library.tenon_options_create.restype = ctypes.c_void_p
    options, value = ctypes.c_void_p(library.tenon_options_create()), ctypes.c_char_p()
    codes = [library.tenon_options_set(options, b"patience", text) for text in (b"10", b"7")]
    library.tenon_options_get(options, b"patience", ctypes.byref(value))
    page = output_of(tenon, "options", "--markdown").splitlines()
    row = "| `patience` | `--patience` | `TENON_PATIENCE` | whole number from 0 to 9 | `0` | How long |"
    refused = run("--patience", "12")
    return [
        expect(f"the option is set by the C API: {codes}, {value.value}", codes == [2, 0] and value.value == b"7"),
        expect("the command takes it", "exit code" not in run("--patience", "3")),
        expect("and refuses a bad value: " + refused, "'12' is no whole number from 0 to 9" in refused),
        expect("the option is on the page", row in page),
    ]


def check(folder):
    copy = Copy(folder)
    for add in (add_operator, add_pass, add_subcommand, add_option):
        copy.touched.clear()
        add(copy)
        print(f"{add.__name__} touched {', '.join(sorted(copy.touched))}", flush=True)
    if subprocess.run(["tools/build.sh", "release", "tenon_tool", "tenon", "cpu_ref"], cwd=folder).returncode != 0:
        return expect("the copy builds", False)
    tenon, file = folder / "build/release/tools/tenon", folder / "regex.onnx"
    file.write_bytes(model())
    answer = output_of(tenon, "run", file, "--providers", "cpu_ref", "--pack", "off")
    report = output_of(tenon, "inspect", file, "--providers", "cpu_ref", "--pack", "off")
    page = output_of(tenon, "providers", "cpu_ref", "--markdown")
    row = next((line for line in page.splitlines() if line.startswith("| RegexFullMatch ")), "no row")
    return all(
        [
            expect("the operator runs: " + " ".join(answer.split()), "true, false" in answer or "1, 0" in answer),
            expect("its row is on the page of operators: " + row, row == "| RegexFullMatch | 20 | shape | 20+ |"),
            expect("the pass runs: " + " ".join(report.split()), "good day from a pass" in report),
            expect("the subcommand runs", output_of(tenon, "greet") == "good day\n"),
            *check_option(folder, tenon, file),
        ]
    )


def main():
    if len(sys.argv) > 2:
        return check(pathlib.Path(sys.argv[2]).resolve())
    with tempfile.TemporaryDirectory() as folder:
        return check(pathlib.Path(folder))


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
