// `tenon run`: makes the inputs, runs the model once, prints or stores its outputs, or compares them with a test data
// set.
#include <cstdio>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/support/data_set.h"
#include "tools/support/data_set_check.h"
#include "tools/support/file_stems.h"
#include "tools/support/inputs.h"
#include "tools/support/npy.h"
#include "tools/support/print.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"
#include "tools/support/text.h"
#include "tools/support/time_limit.h"

namespace tenon::tools {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon run digits.onnx --input image=seven.npy\n"
    "  tenon run resnet50.onnx --shape data_0=1x3x224x224 --fill random --output results\n"
    "  tenon run model.onnx --check test_data_set_0 --providers cpu_ref\n"
    "  tenon run model.onnx --fill ones --profile trace.json --report details\n"
    "Inputs without a file are filled; free dimensions are 1 unless --shape names them. An input that has an "
    "initializer\n"
    "as its default keeps it unless --input or --shape names it. A NAME may hold '=': the longest input that fits is\n"
    "meant. --output writes NAME.npy; what a path gives meaning to becomes '_', long names are cut, and names that "
    "would\n"
    "meet get '~2', '~3' ... --check runs each set twice, and exits with 0 when every output of both is within --atol "
    "+ --rtol * |expected|, with 1 otherwise. For bfloat16 outputs --rtol is 2^-6 at least, as "
    "in the\n"
    "runner of the onnx package.";

struct RunFlags {
  SessionFlags session;
  InputRequest inputs;
  std::filesystem::path output, check, profile;
  Tolerance tolerance;
  std::string report = "text";
};

std::vector<Value> run_once(Session& session, const std::vector<NamedValue>& inputs, const RunFlags& flags,
                            TimeLimit& limit) {
  const Progress progress("running");
  RunOptions options;
  options.profile(flags.profile.string()).timeout(limit.timeout());
  const TimeLimit::Run timed(limit);
  const Results results = session.run_values(inputs, {}, options);
  std::vector<Value> values;
  for (size_t i = 0; i < results.size(); ++i) values.push_back(results.value(i));
  return values;
}

void store_tensor(const std::string& name, const std::filesystem::path& stem, const ResultView& tensor) {
  const auto file = std::filesystem::path(stem.string() + ".npy");
  write_npy(file, tensor);
  const bool is_named = stem.filename() == name;
  std::fprintf(stderr, "wrote %s%s%s\n", file.c_str(), is_named ? "" : ": ", is_named ? "" : name.c_str());
}

// An element of a sequence or an optional is a file of its own.
void store_elements(const std::string& name, const std::filesystem::path& stem, const Value& value) {
  if (value.kind() == TENON_MAP || value.size() == 0)
    fail(TENON_UNSUPPORTED, "--output: '", name, "' is ", value.text(),
         ", which .npy files do not hold: print it, or run without --output");
  for (size_t i = 0; i < value.size(); ++i) {
    const Value element = value[i];
    const std::string element_name = concat(name, "[", i, "]");
    if (element.kind() != TENON_TENSOR)
      fail(TENON_UNSUPPORTED, "--output: '", element_name, "' is ", element.text(),
           ", expected a tensor: print it, or run without --output");
    store_tensor(element_name, concat(stem.string(), ".", i), element.tensor());
  }
}

void store(const std::vector<Port>& ports, const std::vector<Value>& outputs, const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) fail(TENON_INVALID_ARGUMENT, "--output '", folder.string(), "' cannot be made: ", failure.message());
  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(port.name);
  const std::vector<std::string> stems = file_stems(names);
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].kind() == TENON_TENSOR) {
      store_tensor(names[i], folder / stems[i], outputs[i].tensor());
    } else {
      store_elements(names[i], folder / stems[i], outputs[i]);
    }
  }
}

void print_outputs(const std::vector<Port>& ports, const std::vector<Value>& outputs) {
  for (size_t i = 0; i < outputs.size(); ++i)
    std::printf("%s  %s\n  %s\n", bold(ports[i].name).c_str(), outputs[i].text().c_str(), digest(outputs[i]).c_str());
}

void print_report(const Session& session, const std::string& format) {
  if (format == "none") return;
  const std::string text = session.report(format);
  std::printf("%s%s%s", format == "json" ? "" : "\n", text.c_str(), text.ends_with('\n') ? "" : "\n");
}

bool check_in(Session& session, const std::filesystem::path& folder, const RunFlags& flags, TimeLimit& limit) {
  const DataSet set = read_data_set(folder, session);
  return check_data_set(set, flags.tolerance, [&] { return run_once(session, set.inputs, flags, limit); });
}

bool check(Session& session, const RunFlags& flags, TimeLimit& limit) {
  bool all_equal = true;
  for (const auto& folder : find_data_sets(flags.check)) {
    std::printf("%s\n", folder.c_str());
    const bool equal = in_context(folder.filename().string(), [&] { return check_in(session, folder, flags, limit); });
    all_equal = all_equal && equal;
  }
  std::printf("%s: tolerance %g absolute + %g relative\n",
              all_equal ? "all outputs agree, of a first run and a second" : "outputs differ", flags.tolerance.absolute,
              flags.tolerance.relative);
  return all_equal;
}

bool run(const RunFlags& flags) {
  const Options options = flags.session.options();
  TimeLimit limit(flags.session.timeout_ms);
  Session session = flags.session.open(options);
  if (!flags.check.empty()) return check(session, flags, limit);

  const PreparedInputs inputs = prepare_inputs(session.all_inputs(), flags.inputs);
  for (const std::string& note : inputs.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  const std::vector<Value> outputs = run_once(session, inputs.values, flags, limit);
  if (flags.report != "json") print_outputs(session.outputs(), outputs);
  if (!flags.output.empty()) store(session.outputs(), outputs, flags.output);
  print_report(session, flags.report);
  return true;
}

}  // namespace

void add_run_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("run", "Run a model once, or check it against a test data set");
  const auto flags = std::make_shared<RunFlags>();
  flags->session.add_to(*command);
  command->add_option("--input", flags->inputs.files, "NAME=FILE.npy or NAME=FILE.pb; once per input")
      ->allow_extra_args(false);
  command->add_option("--shape", flags->inputs.shapes, "NAME=1x3x224x224: the shape of an input that is filled")
      ->allow_extra_args(false);
  command->add_option("--fill", flags->inputs.fill, "How inputs without a file are filled: random, ones or zeros")
      ->check(CLI::IsMember({"random", "ones", "zeros"}));
  command->add_option("--output", flags->output, "Folder to write every output to, as NAME.npy");
  CLI::Option* check = command->add_option("--check", flags->check,
                                           "An ONNX test data set (input_*.pb, output_*.pb) to take inputs from and "
                                           "compare outputs with, or a folder of test_data_set_*");
  for (const char* made : {"--input", "--shape", "--fill", "--output"}) check->excludes(command->get_option(made));
  command->add_option("--rtol", flags->tolerance.relative, "Relative tolerance of --check (default 1e-3)");
  command->add_option("--atol", flags->tolerance.absolute, "Absolute tolerance of --check (default 1e-7)");
  command->add_option("--profile", flags->profile, "Write a Chrome trace of the run to this file");
  command
      ->add_option("--report", flags->report,
                   "The session report after the outputs: text, details or none; json prints it alone")
      ->check(CLI::IsMember({"text", "details", "json", "none"}));
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace tenon::tools
