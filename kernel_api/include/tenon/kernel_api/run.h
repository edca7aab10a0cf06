/* What a kernel may ask of the host while it runs. C99. */
#ifndef TENON_KERNEL_API_RUN_H
#define TENON_KERNEL_API_RUN_H

#include <tenon/kernel_api/tensor.h>

/* One run of one kernel. Opaque; lives until the kernel's `run` returns. */
typedef struct tn_run tn_run;

/* Works on items [begin, end). `worker` is below `max_workers` and no two bodies of one parallel_for that overlap in
 * time have the same one, so it may index scratch memory. NULL, or an error that ends the work. */
typedef tn_status* (*tn_range_fn)(void* arg, uint32_t worker, int64_t begin, int64_t end);

enum {
  /* Every item gets a thread of its own, and all run at once, so that bodies may wait for each other: at a barrier, for
   * example. count is at most max_workers; the threads are made for the call, which takes tens of microseconds. */
  TN_PARALLEL_ALL_AT_ONCE = 1u << 0
};

/* Work to be spread over threads. */
typedef struct tn_parallel {
  uint32_t struct_size;
  uint32_t flags; /* TN_PARALLEL_... */
  int64_t count;  /* items; none or fewer: nothing is done */
  /* A rough estimate of what one item takes, in nanoseconds: decides how many threads the work is worth. */
  double item_cost_ns;
  int64_t grain;    /* the fewest items that a body is called for, the last one aside; 0: the host's choice */
  tn_range_fn body; /* an error ends the work: bodies that have not begun are left out */
  void* arg;        /* given to each body */
} tn_parallel;

/* What a kernel counts of its work, for the profile. The number of a counter never changes. */
typedef enum tn_counter {
  /* Arithmetic operations that the operator's definition asks for, a multiply-add being two: those of floating point,
   * and of a quantized product those of its integers. Neither what a way to compute them adds (padded tiles) or saves
   * counts, nor need what is done on the way (a bias, an activation): so providers can be compared. */
  TN_COUNT_FLOPS = 0,
  /* Bytes that are read from memory and written to it. Worth telling only where they are not what the kernel's inputs,
   * outputs and bound packs measure, each taken once, which is what the host takes where none are told: of the few rows
   * that are read of a table, for example. */
  TN_COUNT_BYTES = 1
} tn_counter;

/* thread: the one that the kernel's run was called on, unless said. */
typedef struct tn_run_api {
  uint32_t struct_size;
  uint32_t reserved;

  uint32_t (*input_count)(tn_run*);
  uint32_t (*output_count)(tn_run*);
  /* thread: any. NULL: an optional input that is left out, or an index past the last. The view lives until run returns.
   */
  const tn_tensor* (*input)(tn_run*, uint32_t index);
  /* thread: any. False: the model has no use for this output; asking for it gives memory all the same. */
  bool (*output_wanted)(tn_run*, uint32_t index);
  /* Asks for the memory of an output, now that its shape is known. Once per output. dtype must be the one that the
   * graph expects. The memory is aligned to 64 bytes, not zeroed; it may be the memory of an input that the kernel's
   * definition allows to be reused. Strings start empty. */
  tn_status* (*output)(tn_run*, uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out);
  /* Sets one element of a string output; the bytes are copied. thread: any, for different elements. */
  tn_status* (*set_string)(tn_run*, uint32_t index, int64_t element, tn_str value);
  /* Memory for intermediate results, freed by the host when run returns; not zeroed. `alignment`: a power of two, at
   * most 4096. NULL: out of memory. */
  void* (*scratch)(tn_run*, size_t bytes, size_t alignment);

  /* Splits [0, count) over the host's threads and returns when all of it is done: NULL, or the first error of a body.
   * Bodies may call those run functions that are marked any, and no parallel_for: one inside of another runs on its
   * caller's thread alone where no flag is set, and is refused where one is. */
  tn_status* (*parallel_for)(tn_run*, const tn_parallel*);
  uint32_t (*max_workers)(tn_run*);

  /* thread: any. True when the run was cancelled or its deadline passed: return early, with any status. */
  bool (*cancelled)(tn_run*);
  /* Names what follows in the profile. Nearly free when no profile is taken. `name` must live until run returns. */
  void (*phase)(tn_run*, tn_str name);
  /* The stream that the work belongs on; NULL: the calling thread. */
  tn_stream* (*stream)(tn_run*);

  /* Adds to a counter of this run. thread: any. Nearly free when no profile is taken. Counters that the host does not
   * know are left out. */
  void (*count)(tn_run*, uint32_t counter, uint64_t amount); /* TN_COUNT_... */
} tn_run_api;

#endif /* TENON_KERNEL_API_RUN_H */
