// A provider that misbehaves at one point of its life, as TENON_TEST_MISBEHAVE says: "PHASE:MANNER", such as
// "run:crash". Otherwise it is sound: Relu, and Add, which packs its constant input. It claims Relu when the phase is
// about groups.
#include <signal.h>
#include <tenon/kernel_api/kernel_api.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace {

const tn_host* the_host = nullptr;

std::string_view wish() {
  const char* text = std::getenv("TENON_TEST_MISBEHAVE");
  return text == nullptr ? "" : text;
}

bool is_phase(std::string_view phase) {
  return wish().substr(0, wish().find(':')) == phase;
}

// Never 0, which the compiler cannot know.
volatile int depth_left = -1;

int overflow(volatile char* above) {
  volatile char here[4096];
  here[0] = above[0];
  return depth_left == 0 ? 0 : overflow(here) + here[0];
}

void throw_out() {
  throw std::runtime_error("thrown through noexcept");
}
void terminate() noexcept {
  throw_out();
}

void misbehave(std::string_view manner) {
  if (manner == "crash") *reinterpret_cast<volatile int*>(uintptr_t{8}) = 1;
  if (manner == "overflow") {
    volatile char top = 0;
    overflow(&top);
  }
  if (manner == "illegal") __builtin_trap();
  if (manner == "divide") raise(SIGFPE);
  if (manner == "bus") raise(SIGBUS);
  if (manner == "abort") std::abort();
  if (manner == "exit") std::exit(0);
  if (manner == "_exit") _exit(0);
  if (manner == "_Exit") std::_Exit(0);
  if (manner == "quick_exit") std::quick_exit(0);
  if (manner == "terminate") terminate();
  // Into the messages of a worker process to its host.
  if (manner == "write_socket") (void)!write(3, "no message, and of no known length", 34);
  while (manner == "hang") std::this_thread::sleep_for(std::chrono::milliseconds(10));
}

void pass(std::string_view phase) {
  if (is_phase(phase)) misbehave(wish().substr(wish().find(':') + 1));
}

struct AtLoadAndUnload {
  AtLoadAndUnload() { pass("constructor"); }
  ~AtLoadAndUnload() { pass("destructor"); }
} at_load_and_unload;

std::atomic<bool> another_works{false};

tn_status* body(void*, uint32_t worker, int64_t, int64_t) {
  pass("body");
  if (!is_phase("other_body")) return nullptr;
  if (worker != 0) {
    another_works = true;
    pass("other_body");
  }
  for (int i = 0; i < 1000 && !another_works; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return nullptr;
}

tn_status* run(tn_kernel*, tn_run* run) {
  pass("run");
  // Values behind those that the kernel is given.
  if (wish() == "run:write_far") {
    auto* const input = static_cast<volatile char*>(the_host->run->input(run, 0)->data);
    for (int i = 0; i < (1 << 22); ++i) input[i] = 0x55;
  }
  if (wish() == "run:write_weight") *static_cast<volatile char*>(the_host->run->input(run, 1)->data) = 1;
  if (is_phase("own_thread")) std::thread([] { pass("own_thread"); }).join();
  const tn_parallel work{sizeof(tn_parallel), 0, 64, 1e6, 0, body, nullptr};
  if (tn_status* failed = the_host->run->parallel_for(run, &work)) return failed;
  const tn_tensor* x = the_host->run->input(run, 0);
  tn_tensor y{};
  y.struct_size = sizeof y;
  if (tn_status* failed = the_host->run->output(run, 0, TN_FLOAT, x->shape, x->rank, &y)) return failed;
  if (y.byte_length > 0) std::memcpy(y.data, x->data, y.byte_length);
  return nullptr;
}

uint32_t pack_count(tn_kernel*) {
  pass("pack_count");
  return 1;
}
tn_status* pack_plan(tn_kernel*, uint32_t, tn_pack_plan* plan) {
  static const uint32_t packed_input = 1;
  pass("pack_plan");
  plan->inputs = &packed_input;
  plan->input_count = 1;
  plan->byte_length = 64;
  plan->alignment = 64;
  plan->key = tn_str{"misbehaving", 11};
  return nullptr;
}
tn_status* pack(tn_kernel*, uint32_t, const tn_pack_args* args) {
  pass("pack");
  std::memset(args->blob, 0, 64);
  return nullptr;
}
tn_status* bind_pack(tn_kernel*, uint32_t, const void*, uint64_t) {
  pass("bind_pack");
  return nullptr;
}
void destroy_kernel(tn_kernel*) {
  pass("kernel_destroy");
}

constexpr tn_kernel_vtable kPlain = {
    sizeof(tn_kernel_vtable), 0, nullptr, nullptr, nullptr, nullptr, run, destroy_kernel};
constexpr tn_kernel_vtable kPacking = {
    sizeof(tn_kernel_vtable), 0, pack_count, pack_plan, pack, bind_pack, run, destroy_kernel};

tn_status* hand_over(tn_kernel_result* result) {
  static int stateless = 0;
  result->kernel = reinterpret_cast<tn_kernel*>(&stateless);
  return nullptr;
}
tn_status* create_kernel(tn_provider_instance*, const tn_kernel_request*, tn_kernel_result* result) {
  pass("kernel_create");
  return hand_over(result);
}

tn_status* create_instance(const tn_instance_request* request, tn_provider_instance**) {
  the_host = request->host;
  pass("create");
  return nullptr;
}
void destroy_instance(tn_provider_instance*) {
  pass("destroy");
}

tn_status* claim(tn_provider_instance*, const tn_graph* graph, tn_claims* claims) {
  pass("claim");
  if (!is_phase("compile")) return nullptr;
  const tn_node* first = the_host->graph->graph_node(graph, 0);
  const tn_claim group{sizeof(tn_claim), 0, &first, 1, tn_str{"group", 5}, 0};
  return the_host->claims->claim_group(claims, &group);
}
tn_status* compile(tn_provider_instance*, const tn_kernel_request*, tn_kernel_result* result) {
  pass("compile");
  result->vtable = &kPlain;
  return hand_over(result);
}

constexpr tn_kernel_def line(const char* op_type, const tn_kernel_vtable* vtable) {
  return {sizeof(tn_kernel_def), 0, "", op_type, 1, 0, nullptr, 0, sizeof(tn_type_rule), nullptr, 0, 0, vtable,
          create_kernel};
}
constexpr tn_kernel_def kKernels[] = {line("Relu", &kPlain), line("Add", &kPacking)};

constexpr tn_provider kProvider = {
    sizeof(tn_provider), 1,     "misbehaving", "1.0", kKernels, 2, sizeof(tn_kernel_def), create_instance,
    destroy_instance,    claim, compile};

}  // namespace

TN_DESCRIPTOR("misbehaving", "1.0", 0);

extern "C" TN_EXPORT const tn_provider* tenon_provider_entry(const tn_host*, uint32_t) {
  pass("entry");
  return &kProvider;
}
