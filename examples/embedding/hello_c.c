/* The smallest program in C: opens a model, gives its one input an image of zeros, prints the outputs.
 *
 *   cc hello_c.c $(pkg-config --cflags --libs tenon) -o hello_c && ./hello_c digits.onnx */
#include <stdio.h>
#include <stdlib.h>
#include <tenon/tenon.h>

static int fail(const char* doing) {
  fprintf(stderr, "error: %s: %s\n", doing, tenon_last_error());
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: hello_c MODEL\n");
    return 1;
  }
  tenon_session* session = NULL;
  if (tenon_session_open(argv[1], NULL, &session) != TENON_OK) return fail("opening");

  tenon_port port = {.struct_size = sizeof port};
  if (tenon_session_input(session, 0, &port) != TENON_OK) return fail("asking for the input");
  static const float pixels[64];
  static const int64_t shape[] = {1, 1, 8, 8};
  tenon_tensor image = {.struct_size = sizeof image,
                        .name = port.name,
                        .dtype = port.dtype,
                        .rank = 4,
                        .shape = shape,
                        .data = pixels,
                        .byte_length = sizeof pixels};

  tenon_results* results = NULL;
  if (tenon_session_run(session, &image, 1, NULL, 0, NULL, &results) != TENON_OK) return fail("running");
  for (size_t i = 0; i < tenon_results_count(results); ++i) {
    tenon_tensor output = {.struct_size = sizeof output};
    if (tenon_results_get(results, i, &output) != TENON_OK) return fail("reading an output");
    printf("%s:", output.name);
    for (size_t j = 0; j < output.byte_length / sizeof(float); ++j) printf(" %.4f", ((const float*)output.data)[j]);
    printf("\n");
  }

  char* report = NULL;
  if (tenon_session_report(session, "text", &report) != TENON_OK) return fail("reporting");
  printf("\n%s\n", report);
  tenon_string_free(report);
  tenon_results_destroy(results);
  tenon_session_close(session);
  return 0;
}
