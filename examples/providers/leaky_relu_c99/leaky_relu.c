/* A complete Tenon provider in C99, on the kernel ABI alone: one kernel, LeakyRelu of float tensors.
 * Y = X where X >= 0, alpha * X elsewhere. Y may take the memory of X. docs/kernel_abi.md explains each part. */
#include <stdlib.h>
#include <string.h>
#include <tenon/kernel_api/kernel_api.h>

#define NAME "leaky_relu_c99"
#define VERSION "1.0"

/* Read by the host before it loads the library: name, version, ABI version, needed CPU features. */
TN_DESCRIPTOR(NAME, VERSION, 0);

/* The ABI leaves these types to the plugin. */
struct tn_provider_instance {
  const tn_host* host;
};
struct tn_kernel {
  const tn_host* host;
  float alpha;
};

static tn_str str(const char* text) {
  const tn_str s = {text, strlen(text)};
  return s;
}

static tn_status* fail(const tn_host* host, tn_code code, const char* message) {
  return host->status_create(code, str(message));
}

/* --- the kernel --- */

struct work {
  const float* x;
  float* y;
  float alpha;
};

static tn_status* leaky_relu_range(void* arg, uint32_t worker, int64_t begin, int64_t end) {
  const struct work* w = arg;
  (void)worker;
  for (int64_t i = begin; i < end; ++i) w->y[i] = w->x[i] < 0 ? w->alpha * w->x[i] : w->x[i];
  return NULL;
}

static tn_status* kernel_run(tn_kernel* kernel, tn_run* run) {
  const tn_run_api* api = kernel->host->run;
  const tn_tensor* x = api->input(run, 0);
  tn_tensor y = {.struct_size = sizeof y};
  tn_status* status = api->output(run, 0, TN_FLOAT, x->shape, x->rank, &y);
  if (status != NULL) return status;
  struct work work = {x->data, y.data, kernel->alpha};
  const tn_parallel parallel = {.struct_size = sizeof parallel,
                                .count = (int64_t)(x->byte_length / sizeof(float)),
                                .item_cost_ns = 0.5,
                                .body = leaky_relu_range,
                                .arg = &work};
  if (TN_HAS(api, count)) api->count(run, TN_COUNT_FLOPS, (uint64_t)parallel.count);
  return api->parallel_for(run, &parallel);
}

static void kernel_destroy(tn_kernel* kernel) { free(kernel); }

static const tn_kernel_vtable kernel_vtable = {
    .struct_size = sizeof(tn_kernel_vtable), .run = kernel_run, .destroy = kernel_destroy};

/* What the line of the table says of vtable and aliases stands in `result` already. */
static tn_status* kernel_create(tn_provider_instance* instance, const tn_kernel_request* request,
                                tn_kernel_result* result) {
  tn_kernel* made = malloc(sizeof *made);
  if (made == NULL) return fail(instance->host, TN_OUT_OF_MEMORY, "no memory for a LeakyRelu kernel");
  made->host = instance->host;
  made->alpha = 0.01f; /* for a host without a schema of the operator: others answer with its default */
  instance->host->graph->attr_float(request->node, str("alpha"), &made->alpha);
  result->kernel = made;
  return NULL;
}

/* --- the provider --- */

static const uint32_t float_only[] = {TN_FLOAT};
static const tn_type_rule types[] = {
    {.struct_size = sizeof(tn_type_rule), .count = 1, .parameter = "T", .dtypes = float_only}};
static const tn_alias aliases[] = {{.output = 0, .input = 0, .kind = TN_ALIAS_MAY_REUSE}};

static const tn_kernel_def kernels[] = {{.struct_size = sizeof(tn_kernel_def),
                                         .domain = "",
                                         .op_type = "LeakyRelu",
                                         .since_version = 6,
                                         .last_version = 0,
                                         .types = types,
                                         .type_count = 1,
                                         .type_stride = sizeof types[0],
                                         .aliases = aliases,
                                         .alias_count = 1,
                                         .vtable = &kernel_vtable,
                                         .create = kernel_create}};

static tn_status* provider_create(const tn_instance_request* request, tn_provider_instance** instance) {
  const tn_host* host = request->host;
  if (request->option_count > 0) return fail(host, TN_INVALID_ARGUMENT, NAME " has no options");
  tn_provider_instance* made = malloc(sizeof *made);
  if (made == NULL) return fail(host, TN_OUT_OF_MEMORY, "no memory for an instance of " NAME);
  made->host = host;
  *instance = made;
  return NULL;
}

static void provider_destroy(tn_provider_instance* instance) { free(instance); }

static const tn_provider provider = {.struct_size = sizeof(tn_provider),
                                     .abi_version = 1,
                                     .name = NAME,
                                     .version = VERSION,
                                     .kernels = kernels,
                                     .kernel_count = sizeof kernels / sizeof kernels[0],
                                     .kernel_stride = sizeof kernels[0],
                                     .create = provider_create,
                                     .destroy = provider_destroy};

TN_EXPORT const tn_provider* tenon_provider_entry(const tn_host* host, uint32_t max_abi_version);
const tn_provider* tenon_provider_entry(const tn_host* host, uint32_t max_abi_version) {
  return host != NULL && max_abi_version >= 1 ? &provider : NULL;
}
